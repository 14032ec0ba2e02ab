import { sql } from "../index.js";

export { keyOf, nameOf } from "./names.js";

/** What tells a sequence from all others of a database. */
export interface SequenceName {
  readonly schema: string;
  readonly seqName: string;
}

/** What tells a column from all others of a database. */
export interface ColumnName {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** What a column is called in messages: `billing.invoices.id`. */
export function columnOf({ schema, table, column }: ColumnName): string {
  return `${schema}.${table}.${column}`;
}

/** A sequence as a statement names it: `"billing"."invoice_seq"`. */
export function quotedOf({ schema, seqName }: SequenceName): string {
  return sql.identifier(schema, seqName).text;
}
