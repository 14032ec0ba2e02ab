import { NextvalError, type NextvalErrorCode, sql } from "../index.js";

export { fail, sequenceName as nameOf } from "../internal.js";

/** Tells a sequence from all others of a database. */
export interface SequenceName {
  readonly schema: string;
  readonly name: string;
}

/** Tells a column from all others of a database. */
export interface ColumnName {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** A key for maps, unique whatever characters the names have. */
export function keyOf({ schema, seqName }: { readonly schema: string; readonly seqName: string }): string {
  return JSON.stringify([schema, seqName]);
}

/** The name of a sequence that `inspect` found. */
export function sequenceNameOf({ schema, seqName }: { schema: string; seqName: string }): SequenceName {
  return { schema, name: seqName };
}

/** A key for maps, the same as `keyOf` has for the sequence that `inspect` found. */
export function sequenceKeyOf({ schema, name }: SequenceName): string {
  return JSON.stringify([schema, name]);
}

/** What a sequence is called in messages: `billing.invoice_seq`. */
export function titleOf({ schema, name }: SequenceName): string {
  return `${schema}.${name}`;
}

/** Throws an error about a sequence, in a sentence that begins with its name. */
export function refuseFor(sequence: SequenceName, problem: string, code: NextvalErrorCode): never {
  const name = titleOf(sequence);
  throw new NextvalError(code, `${name}: ${problem}`, { sequence: name });
}

/** A sequence as a statement names it: `"billing"."invoice_seq"`. */
export function quotedOf({ schema, name }: SequenceName): string {
  return sql.identifier(schema, name).text;
}

/** What a column is called in messages: `billing.invoices.id`. */
export function columnOf({ schema, table, column }: ColumnName): string {
  return `${schema}.${table}.${column}`;
}
