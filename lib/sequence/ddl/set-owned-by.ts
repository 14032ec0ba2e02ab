import type { SequenceLike } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { readOnce } from "../resolve-options.js";
import { fail } from "../sequence-name.js";
import { quotedName } from "../sequence.js";
import { checkedName, statement } from "./ddl-statement.js";

/**
 * Ties a sequence to a column, so that it goes when the column or the table goes: to the declared column, unless another is
 * given; null unties it.
 *
 * ```ts
 * ownSequence(invoiceSeq); // alter sequence "billing"."invoice_seq" owned by "billing"."invoice"."id"
 * ownSequence(invoiceSeq, null); // alter sequence "billing"."invoice_seq" owned by none
 * ```
 *
 * The table is in the sequence's own schema and has the same owner, as the server demands. Source: "ALTER SEQUENCE".
 */
export function ownSequence(
  sequence: SequenceLike,
  column?: { readonly table: string; readonly column: string } | null,
): Sql {
  const name = quotedName(sequence);
  const owner = column === undefined ? readOnce(sequence.seqOptions ?? {}).ownedBy : column;
  if (owner === undefined) return fail(sequence, "ownSequence needs a column, because none is declared as ownedBy");
  return statement(sequence, "alter sequence", name, "owned by", owner === null ? "none" : columnOf(sequence, owner));
}

function columnOf(
  sequence: SequenceLike,
  { table, column }: { readonly table: string; readonly column: string },
): string {
  const { schema } = sequence;
  return (schema === undefined ? [table, column] : [schema, table, column])
    .map((name) => checkedName(sequence, name))
    .join(".");
}
