import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { type PgSchema, quotedName, sequenceOf } from "../sequence.js";
import { checkedName, statement } from "./ddl-statement.js";

/**
 * Renames a sequence within its schema. Defaults of columns follow it.
 *
 * ```ts
 * renameSequence(orderSeq, "sales_order_seq"); // alter sequence "order_seq" rename to "sales_order_seq"
 * ```
 */
export function renameSequence(sequence: SequenceLike | SequenceNeeded, name: string): Sql {
  const own = sequenceOf(sequence);
  return statement(own, "alter sequence", quotedName(own), "rename to", checkedName(own, name));
}

/**
 * Moves a sequence to another schema. A sequence that a column owns moves only together with its table.
 *
 * ```ts
 * setSequenceSchema(orderSeq, "sales"); // alter sequence "order_seq" set schema "sales"
 * ```
 */
export function setSequenceSchema(sequence: SequenceLike | SequenceNeeded, schema: PgSchema | string): Sql {
  const own = sequenceOf(sequence);
  const name = typeof schema === "string" ? schema : schema.schemaName;
  return statement(own, "alter sequence", quotedName(own), "set schema", checkedName(own, name));
}
