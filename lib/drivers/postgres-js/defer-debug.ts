import type postgres from "postgres";

/** Reports what a function of the program has thrown that nothing awaits. */
declare const console: { error(error: unknown): void };

const deferred = new WeakSet<object>();

/**
 * Calls the client's `debug` after the driver has written the statement. postgres.js (3.4.9) calls it between queueing
 * a statement and writing it. If it throws there, or runs a statement, answers go to the wrong statements.
 */
export function deferDebug(options: Pick<postgres.ParsedOptions, "debug">): void {
  const { debug } = options;
  if (typeof debug !== "function" || deferred.has(debug)) return;
  const later: typeof debug = (...details) => {
    void Promise.resolve()
      .then(() => debug(...details))
      .catch((error: unknown) => console.error(error));
  };
  deferred.add(later);
  options.debug = later;
}
