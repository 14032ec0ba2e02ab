import { NextvalError, type NextvalErrorCode, sql } from "../index.js";

export { fail, sequenceName as nameOf } from "../internal.js";

/** The name of a sequence, unique within its database. */
export interface SequenceName {
  readonly schema: string;
  readonly name: string;
}

/** The name of a column, unique within its database. */
export interface ColumnName {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** Makes a key for maps, unique whatever characters the names have. */
export function keyOf({ schema, seqName }: { readonly schema: string; readonly seqName: string }): string {
  return JSON.stringify([schema, seqName]);
}

/** Returns the name of a sequence that `inspectSequences` found. */
export function sequenceNameOf({ schema, seqName }: { schema: string; seqName: string }): SequenceName {
  return { schema, name: seqName };
}

/** Makes a key for maps. `keyOf` makes the same key for a sequence that `inspectSequences` found. */
export function sequenceKeyOf({ schema, name }: SequenceName): string {
  return JSON.stringify([schema, name]);
}

/** The name of a sequence in messages: `billing.invoice_seq`. */
export function titleOf({ schema, name }: SequenceName): string {
  return `${schema}.${name}`;
}

/** Throws an error about a sequence, in a sentence that begins with its name. */
export function refuseFor(sequence: SequenceName, problem: string, code: NextvalErrorCode): never {
  const name = titleOf(sequence);
  throw new NextvalError(code, `${name}: ${problem}`, { sequence: name });
}

/** The quoted name of a sequence, for a statement: `"billing"."invoice_seq"`. */
export function quotedOf({ schema, name }: SequenceName): string {
  return sql.identifier(schema, name).text;
}

/** The name of a column in messages: `billing.invoices.id`. */
export function columnOf({ schema, table, column }: ColumnName): string {
  return `${schema}.${table}.${column}`;
}
