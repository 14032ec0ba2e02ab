import type { Integer } from "../../../types/sequence-options.js";
import { shown, wrongType } from "../messages.js";
import { integerProblem, readInteger, readOnce } from "../resolve-options.js";

/** The options that CREATE SEQUENCE, ALTER SEQUENCE and identity columns share. Null stands for the default. */
export interface Clauses {
  readonly as?: string | undefined;
  readonly increment?: Integer | undefined;
  readonly minValue?: Integer | null | undefined;
  readonly maxValue?: Integer | null | undefined;
  readonly startWith?: Integer | undefined;
  readonly cache?: Integer | undefined;
  readonly cycle?: boolean | undefined;
  readonly restart?: boolean | Integer | undefined;
}

/** Writes each given option as SQL. The caller has checked them. */
export function optionClauses(options: Clauses): string[] {
  const { as, increment, minValue, maxValue, startWith, cache, cycle, restart } = readOnce(options);
  return [
    as === undefined ? "" : `as ${as}`,
    increment === undefined ? "" : `increment by ${increment}`,
    minValue === undefined ? "" : minValue === null ? "no minvalue" : `minvalue ${minValue}`,
    maxValue === undefined ? "" : maxValue === null ? "no maxvalue" : `maxvalue ${maxValue}`,
    startWith === undefined ? "" : `start with ${startWith}`,
    cache === undefined ? "" : `cache ${cache}`,
    cycle === undefined ? "" : cycle ? "cycle" : "no cycle",
    restart === undefined || restart === false ? "" : restart === true ? "restart" : `restart with ${restart}`,
  ].filter((clause) => clause !== "");
}

/** Returns why a value is not one of `restart`, or undefined. */
export function restartProblem(value: unknown): string | undefined {
  if (value === undefined || typeof value === "boolean") return undefined;
  return readInteger(value) === undefined && !Number.isInteger(value)
    ? wrongType("restart", "true or an integer", shown(value))
    : integerProblem("restart", value);
}
