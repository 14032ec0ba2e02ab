import type { DatabaseState, SequenceState } from "../../catalog/index.js";
import { sql } from "../../index.js";
import { keyOf, nameOf, quotedOf, sequenceNameOf } from "../../server/names.js";
import { type Position, positionOf } from "../arithmetic/position.js";
import { whyUnknown } from "../columns/unknown-value.js";
import { renamedTargets, type Renames } from "./rename-pairs.js";

/** One of the two databases of a transfer. */
export interface Side {
  readonly name: "source" | "target";
  /** The role that is connected to it. */
  readonly role: string;
  readonly state: DatabaseState;
}

/** A sequence of the source and its counterpart on the target, with their positions. */
export interface Pair {
  readonly source: SequenceState;
  readonly target: SequenceState;
  readonly from: Position;
  readonly before: Position;
}

/** Pairs the sequences of both databases, and lists every reason against a transfer. */
export function compare(source: Side, target: Side, renames: Renames): { pairs: Pair[]; problems: string[] } {
  const sources = sequencesOf(source);
  const targets = sequencesOf(target);
  const renamed = renamedTargets(renames, carriedBy(source, sources), carriedBy(target, targets));
  const taken = new Map([...renamed].map(([one, other]) => [other, one]));
  const problems = unknownSchemas(source, target);
  const pairs: Pair[] = [];
  for (const key of [...new Set([...sources.keys(), ...targets.keys()])].sort()) {
    const one = sources.get(key);
    const namesake = targets.get(key);
    const other = (one && renamed.get(one)) ?? namesake;
    const rival = other && taken.get(other);
    if (namesake !== undefined && (one === undefined || renamed.has(one)) && !taken.has(namesake)) {
      problems.push(missing(namesake, source));
    }
    if (one === undefined) continue;
    if (other === undefined) problems.push(missing(one, target));
    else if (rival !== undefined && rival !== one) {
      problems.push(
        `${nameOf(one)}: ${nameOf(rival)} is carried to ${nameOf(other)} of the target; rename both, or neither`,
      );
    } else {
      const from = positionOf(one);
      const before = positionOf(other);
      const found = [...differences(one, other), ...forbidden(one, source), ...forbidden(other, target)];
      if (found.length === 0 && from !== undefined && before !== undefined) {
        pairs.push({ source: one, target: other, from, before });
      }
      const title = other === namesake ? nameOf(one) : `${nameOf(one)} as ${nameOf(other)}`;
      problems.push(...found.map((problem) => `${title}: ${problem}`));
    }
  }
  return { pairs, problems };
}

/**
 * Returns the sequences to carry. Those of extensions are left out: an extension makes its sequences itself, and each
 * version of it may make others.
 */
function sequencesOf({ state }: Side): Map<string, SequenceState> {
  const carried = state.sequences.filter(({ definedBy }) => definedBy !== "extension");
  return new Map(carried.map((sequence) => [keyOf(sequence), sequence]));
}

function carriedBy({ name, state: { defaultSchema } }: Side, sequences: ReadonlyMap<string, SequenceState>) {
  return { name, defaultSchema, sequences: [...sequences.values()] };
}

function unknownSchemas({ state: source }: Side, { state: target }: Side): string[] {
  return (source.inspected ?? [])
    .filter((schema) => !source.schemas.includes(schema) && !target.schemas.includes(schema))
    .map((schema) => `schema ${schema} is on neither side`);
}

function missing(sequence: SequenceState, { name }: Side): string {
  return `${nameOf(sequence)}: it is missing on the ${name}`;
}

function differences({ options: source }: SequenceState, { options: target }: SequenceState): string[] {
  return (["as", "increment", "minValue", "maxValue", "cycle"] as const)
    .filter((option) => source[option] !== target[option])
    .map((option) => `${option} is ${source[option]} on the source and ${target[option]} on the target`);
}

/** Returns the privileges that the role lacks, with the grants that fix it. */
function forbidden(sequence: SequenceState, { name, role }: Side): string[] {
  const problems: string[] = [];
  const { missingPrivileges: lacks } = sequence;
  const cure = (privilege: string) =>
    `; its owner cures it with: grant ${privilege} on sequence ` +
    `${quotedOf(sequenceNameOf(sequence))} to ${sql.identifier(role).text}`;
  if (positionOf(sequence) === undefined) {
    const unknown = whyUnknown(sequence);
    problems.push(
      unknown === undefined
        ? `${role} may not read it on the ${name}${cure("select")}`
        : `on the ${name}, ${unknown.reason}`,
    );
  }
  if (name === "target" && lacks.includes("update")) {
    problems.push(`${role} may not set it on the target${cure("update")}`);
  }
  return problems;
}
