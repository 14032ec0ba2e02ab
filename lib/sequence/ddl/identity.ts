import type { SequenceOptions } from "../../../types/sequence-options.js";
import { NextvalError } from "../../errors.js";
import { type Sql, textFragment } from "../../sql/fragment.js";
import { checkOptions, readOnce } from "../resolve-options.js";
import { optionClauses } from "./clauses.js";

/** The options of the sequence behind an identity column, whose type is that of the column: say it as `as`, to have it checked. */
export type IdentityOptions = Pick<
  SequenceOptions,
  "startWith" | "increment" | "minValue" | "maxValue" | "cache" | "cycle" | "as"
>;

const OPTIONS = ["startWith", "increment", "minValue", "maxValue", "cache", "cycle", "as"];

/**
 * Makes a column of a table an identity column.
 *
 * ```ts
 * sql`create table orders (id bigint ${identity("always", { startWith: 100 })}, note text)`;
 * // create table orders (id bigint generated always as identity (start with 100), note text)
 * ```
 *
 * With `"always"` an insert may not give the column a value (428C9) unless it says OVERRIDING SYSTEM VALUE; inserts need no
 * privilege on the sequence. Source: "CREATE TABLE".
 */
export function identity(generated: "always" | "by default", given: IdentityOptions = {}): Sql {
  if (generated !== "always" && generated !== "by default") {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `identity is generated "always" or "by default", not ${JSON.stringify(generated)}`,
    );
  }
  const options = readOnce(given);
  const unknown = Object.keys(options).find((option) => !OPTIONS.includes(option));
  if (unknown !== undefined) {
    throw new NextvalError(
      "INVALID_OPTIONS",
      `identity: ${unknown} is not an option; the options are ${OPTIONS.join(", ")}`,
    );
  }
  checkOptions("identity", options, null);
  const clauses = optionClauses({ ...options, as: undefined });
  return textFragment(`generated ${generated} as identity${clauses === "" ? "" : ` (${clauses})`}`);
}
