import type postgres from "postgres";

/** Reports what a function of the program has thrown, if no statement can. */
declare const console: { error(error: unknown): void };

const guarded = new WeakSet<object>();

interface Options {
  debug: postgres.ParsedOptions["debug"];
  /** A password or a function that returns one. The driver's types say null. */
  pass: unknown;
}

/**
 * Guards the functions among a client's options that postgres.js (3.4.9) calls where they must not throw.
 *
 * - `debug` is called between queueing a statement and writing it. If it throws there, or runs a statement, answers go
 *   to the wrong statements. So it is called after the statement was written.
 * - `password` is called by a function that nobody awaits, so its error would end the process. The server refuses an
 *   empty password, and the statement fails.
 */
export function guardOptions(options: Options): void {
  const { debug, pass } = options;
  if (typeof debug === "function" && !guarded.has(debug)) {
    const later: typeof debug = (...details) => {
      void Promise.resolve()
        .then(() => debug(...details))
        .catch((error: unknown) => console.error(error));
    };
    guarded.add(later);
    options.debug = later;
  }
  if (typeof pass === "function" && !guarded.has(pass)) {
    const safe = async (): Promise<unknown> => {
      try {
        return (await pass()) as unknown;
      } catch (error) {
        console.error(error);
        return "";
      }
    };
    guarded.add(safe);
    options.pass = safe;
  }
}
