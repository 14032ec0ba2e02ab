import { NextvalError, type NextvalErrorCode, type SequenceLike } from "../index.js";

/** What a sequence is called in messages, as it is declared: `order_seq`, `billing.invoice_seq`. */
export function declaredName({ schema, seqName }: Pick<SequenceLike, "schema" | "seqName">): string {
  return schema === undefined ? `${seqName}` : `${schema}.${seqName}`;
}

/** Refuses what was asked of a sequence, in a sentence that begins with its name. */
export function fail(sequence: SequenceLike, problem: string, code: NextvalErrorCode = "INVALID_OPTIONS"): never {
  throw failure(sequence, problem, code);
}

export function failure(
  sequence: SequenceLike,
  problem: string,
  code: NextvalErrorCode = "INVALID_OPTIONS",
): NextvalError {
  const name = declaredName(sequence);
  return new NextvalError(code, `${name}: ${problem}`, { sequence: name });
}
