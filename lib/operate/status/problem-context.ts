import type { SequenceState } from "../../catalog/index.js";
import type { Limits } from "../../server/integer-limits.js";
import { titleOf } from "../../server/names.js";
import type { Collision } from "../arithmetic/collision.js";
import type { FedColumn } from "../columns/fed-columns.js";
import type { HealthCode, HealthLevel, HealthProblem, SequenceHealth } from "./health.js";

/** What was measured of a sequence, before it is judged. */
export type Measured = Omit<SequenceHealth, "level" | "problems">;

/** What else its judges know. */
export interface Context {
  readonly sequence: SequenceState;
  /** As the columns of what was measured. */
  readonly fed: readonly FedColumn[];
  /** What it runs into; undefined where nothing lies ahead, or that is not known. */
  readonly collision: Collision | undefined;
  /** What it and its columns hold. */
  readonly range: Limits;
  readonly warnAt: number;
  readonly criticalAt: number;
  /** The connected role. */
  readonly user: string;
  /** How many tables and sequences that role may not read. */
  readonly unreadable: number;
}

/** What is said before SQL that changes an option: `plan` compares options with the declaration. Columns and extensions declare none. */
export function alsoDeclared({ definedBy }: SequenceState): string {
  return definedBy === "user" ? " (in its declaration, too, if it has one: the next push would take it back)" : "";
}

export function problem(measured: Measured, code: HealthCode, level: HealthLevel, sentence: string): HealthProblem {
  return { code, level, message: `${titleOf(measured.sequence)}: ${sentence}` };
}
