/**
 * What `begin`, `savepoint` and `session` give back: where the work returns an array of statements, as postgres.js allows,
 * that of their rows.
 */
export type Outcome<Result> = Result extends readonly unknown[]
  ? { -readonly [Index in keyof Result]: Awaited<Result[Index]> }
  : Awaited<Result>;

/** Waits for the statements of an array, too: one that nobody awaits would never run. */
export async function outcomeOf<Result>(result: Result | Promise<Result>): Promise<Outcome<Result>> {
  return (await (Array.isArray(result) ? Promise.all(result) : result)) as Outcome<Result>;
}
