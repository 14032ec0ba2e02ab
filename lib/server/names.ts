import { NextvalError, type NextvalErrorCode, type SequenceLike } from "../index.js";

type Named = Pick<SequenceLike, "schema" | "seqName">;

/** Refuses what was asked of a sequence, in a sentence that begins with its name. */
export function fail(sequence: Named, problem: string, code: NextvalErrorCode = "INVALID_ARGUMENT"): never {
  const name = nameOf(sequence);
  throw new NextvalError(code, `${name}: ${problem}`, { sequence: name });
}

/** What a sequence is called in messages: `order_seq`, `billing.invoice_seq`. */
export function nameOf({ schema, seqName }: Named): string {
  return schema === undefined ? `${seqName}` : `${schema}.${seqName}`;
}

/** Tells names apart, whatever is in them. */
export function keyOf({ schema, seqName }: { readonly schema: string; readonly seqName: string }): string {
  return JSON.stringify([schema, seqName]);
}
