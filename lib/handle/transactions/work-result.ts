/**
 * The result of `begin`, `savepoint` and `session`. If the work returns an array of statements, as postgres.js allows,
 * the result is an array of their rows.
 */
export type Outcome<Result> =
  Awaited<Result> extends infer Settled
    ? Settled extends readonly PromiseLike<unknown>[]
      ? { -readonly [Index in keyof Settled]: Awaited<Settled[Index]> }
      : Settled
    : never;

/**
 * Waits for the result of the work, and for the statements of an array, because a statement that is not awaited never
 * runs.
 */
export async function outcomeOf<Result>(result: Result | Promise<Result>): Promise<Outcome<Result>> {
  const settled: unknown = await result;
  // The rows of a statement are also an array, possibly empty. They keep their count and command.
  const isList = Array.isArray(settled) && settled.length > 0 && settled.every(isThenable);
  const outcome = isList ? await Promise.all(settled) : settled;
  return outcome as Outcome<Result>;
}

function isThenable(thing: unknown): boolean {
  return typeof thing === "object" && thing !== null && "then" in thing && typeof thing.then === "function";
}
