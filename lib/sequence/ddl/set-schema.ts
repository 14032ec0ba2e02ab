import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { type PgSchema, sequenceOf } from "../sequence.js";
import { type AlterOptions, alterStatement, checkedName } from "./ddl-statement.js";

/**
 * Renames a sequence within its schema. Defaults of columns follow it.
 *
 * ```ts
 * renameSequence(orderSeq, "sales_order_seq"); // alter sequence "order_seq" rename to "sales_order_seq"
 * ```
 */
export function renameSequence(sequence: SequenceLike | SequenceNeeded, name: string, options: AlterOptions = {}): Sql {
  const own = sequenceOf(sequence);
  return alterStatement("renameSequence", own, options, "rename to", checkedName(own, name));
}

/**
 * Moves a sequence to another schema. A sequence that a column owns moves only together with its table.
 *
 * ```ts
 * setSequenceSchema(orderSeq, "sales"); // alter sequence "order_seq" set schema "sales"
 * ```
 */
export function setSequenceSchema(
  sequence: SequenceLike | SequenceNeeded,
  schema: PgSchema | string,
  options: AlterOptions = {},
): Sql {
  const own = sequenceOf(sequence);
  const name = typeof schema === "string" ? schema : schema.schemaName;
  return alterStatement("setSequenceSchema", own, options, "set schema", checkedName(own, name));
}
