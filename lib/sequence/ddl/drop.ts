import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import { NextvalError } from "../../errors.js";
import type { Sql } from "../../sql/fragment.js";
import { knownOptions } from "../resolve-options.js";
import { quotedName, sequenceOf } from "../sequence.js";
import { statement } from "./ddl-statement.js";

/**
 * Drops one sequence, or several in one statement.
 *
 * ```ts
 * dropSequence([orderSeq, invoiceSeq], { ifExists: true });
 * // drop sequence if exists "order_seq", "billing"."invoice_seq"
 * ```
 *
 * PostgreSQL drops a sequence that a column's default uses only with `cascade`, which also drops the default.
 */
export function dropSequence(
  sequences: SequenceLike | readonly SequenceLike[] | SequenceNeeded,
  options: { ifExists?: boolean; cascade?: boolean } = {},
): Sql {
  const { ifExists = false, cascade = false } = knownOptions("dropSequence", options, ["ifExists", "cascade"]);
  const list = ([sequences].flat() as SequenceLike[]).map(sequenceOf);
  if (list.length === 0) throw new NextvalError("INVALID_ARGUMENT", "dropSequence needs at least one sequence");
  return statement(
    list,
    "drop sequence",
    ifExists ? "if exists" : "",
    list.map(quotedName).join(", "),
    cascade ? "cascade" : "",
  );
}
