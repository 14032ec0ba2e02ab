import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { readOnce } from "../resolve-options.js";
import { throwSequenceError } from "../sequence-name.js";
import { type AnySequence, sequenceOf } from "../sequence.js";
import { type AlterOptions, alterStatement, checkedName } from "./ddl-statement.js";

/**
 * Makes a column own a sequence, so PostgreSQL drops the sequence with the column or its table.
 *
 * ```ts
 * setSequenceOwnedBy(invoiceSeq); // alter sequence "billing"."invoice_seq" owned by "billing"."invoice"."id"
 * setSequenceOwnedBy(invoiceSeq, null); // alter sequence "billing"."invoice_seq" owned by none
 * ```
 *
 * The column is the declared one if none is given. Null removes the ownership. The server requires that the table is in
 * the sequence's schema and has the same owner. Source: "ALTER SEQUENCE".
 */
export function setSequenceOwnedBy(
  sequence: SequenceLike | SequenceNeeded,
  column?: { readonly table: string; readonly column: string } | null,
  options: AlterOptions = {},
): Sql {
  const own = sequenceOf(sequence);
  const owner = column === undefined ? readOnce(own.seqOptions).ownedBy : column;
  if (owner === undefined)
    return throwSequenceError(own, "setSequenceOwnedBy needs a column, because none is declared as ownedBy");
  const written = owner === null ? "none" : columnOf(own, owner);
  return alterStatement("setSequenceOwnedBy", own, options, "owned by", written);
}

function columnOf(
  sequence: AnySequence,
  { table, column }: { readonly table: string; readonly column: string },
): string {
  const { schema } = sequence;
  return (schema === undefined ? [table, column] : [schema, table, column])
    .map((name) => checkedName(sequence, name))
    .join(".");
}
