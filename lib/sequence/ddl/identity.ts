import type { SequenceOptions } from "../../../types/sequence-options.js";
import { NextvalError } from "../../errors.js";
import { unknownOption } from "../../sql/did-you-mean.js";
import { type Sql, textFragment } from "../../sql/fragment.js";
import { checkOptions, readOnce } from "../resolve-options.js";
import { optionClauses } from "./clauses.js";

/**
 * The options of an identity column's sequence. Its type is that of the column; pass it as `as` to have the values
 * checked.
 */
export type IdentityOptions = Pick<
  SequenceOptions,
  "startWith" | "increment" | "minValue" | "maxValue" | "cache" | "cycle" | "as"
>;

const OPTIONS = [
  "startWith",
  "increment",
  "minValue",
  "maxValue",
  "cache",
  "cycle",
  "as",
] as const satisfies readonly (keyof IdentityOptions)[];

/**
 * Makes a column an identity column, in `create table`.
 *
 * ```ts
 * sql`create table orders (id bigint ${generatedAsIdentity("always", { startWith: 100 })}, note text)`;
 * // create table orders (id bigint generated always as identity (start with 100), note text)
 * ```
 *
 * With `"always"`, an insert that gives a value for the column fails (428C9) unless it says OVERRIDING SYSTEM VALUE.
 * Inserts need no privilege on the sequence. Source: "CREATE TABLE".
 */
export function generatedAsIdentity(generated: "always" | "by default", given: IdentityOptions = {}): Sql {
  if (generated !== "always" && generated !== "by default") {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `identity is generated "always" or "by default", not ${JSON.stringify(generated)}`,
    );
  }
  const options = readOnce(given);
  const unknown = unknownOption(options, OPTIONS);
  if (unknown !== undefined) throw new NextvalError("INVALID_OPTIONS", `identity: ${unknown}`);
  checkOptions("identity", options, null);
  const clauses = optionClauses({ ...options, as: undefined });
  return textFragment(`generated ${generated} as identity${clauses === "" ? "" : ` (${clauses})`}`);
}
