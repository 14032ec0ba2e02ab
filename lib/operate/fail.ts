import { nameOf } from "../catalog/sequences.js";
import { NextvalError, type NextvalErrorCode, type SequenceLike } from "../index.js";

/** Refuses what was asked of a sequence, in a sentence that begins with its name. */
export function fail(sequence: SequenceLike, problem: string, code: NextvalErrorCode = "INVALID_OPTIONS"): never {
  throw failure(sequence, problem, code);
}

export function failure(
  sequence: SequenceLike,
  problem: string,
  code: NextvalErrorCode = "INVALID_OPTIONS",
): NextvalError {
  const name = nameOf(sequence);
  return new NextvalError(code, `${name}: ${problem}`, { sequence: name });
}
