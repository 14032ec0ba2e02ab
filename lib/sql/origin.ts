/**
 * A position in the program that uses the library. Its `stack` is built when it is read, which takes far longer than
 * recording the position.
 */
export interface Origin {
  readonly stack?: string;
}

/** A function of the library that the program calls. */
export type Caller = (...args: never) => unknown;

/** Functions that engines such as V8 have. */
const stacks = Error as { captureStackTrace?: (into: object, caller: Caller) => void; stackTraceLimit?: number };

/** Records the line that called `caller`, a function of the library. Takes some microseconds. */
export function originOf(caller: Caller): Origin | undefined {
  return noted(caller, 1);
}

function noted(caller: Caller, frames: number): Origin | undefined {
  if (stacks.captureStackTrace === undefined) return undefined;
  const origin: Origin = {};
  const limit = stacks.stackTraceLimit;
  // Does nothing if the program has frozen `Error`.
  Reflect.set(stacks, "stackTraceLimit", frames);
  stacks.captureStackTrace(origin, caller);
  Reflect.set(stacks, "stackTraceLimit", limit);
  return origin;
}

const located = new WeakSet<object>();

/**
 * Adds the position to the stack of an error, and returns the error. The driver creates its errors when an answer
 * arrives, when nothing of the program is left on the stack. If many statements fail with one error, it has the
 * position of the first. Errors without a code are the program's own.
 */
export function addOrigin(error: unknown, origin: Origin | undefined): unknown {
  return addLines(error, () => /\n.*/.exec(origin?.stack ?? ""));
}

/**
 * Adds the lines that await the function that has caught the error. The engine finds them only while an asynchronous
 * function runs, so such a function has to catch errors from elsewhere. Costs nothing if nothing fails.
 */
export function addAwaiting(error: unknown): unknown {
  return addLines(error, () =>
    noted(addAwaiting, 10)
      ?.stack?.match(/\n *at (?!.*node:internal).*/g)
      ?.slice(1),
  );
}

/** Awaits the result; see `addAwaiting`. */
export async function forAwaiting<Result>(result: Promise<Result>): Promise<Result> {
  try {
    return await result;
  } catch (error) {
    throw addAwaiting(error);
  }
}

function addLines(error: unknown, linesOf: () => readonly string[] | null | undefined): unknown {
  if (!(error instanceof Error) || located.has(error)) return error;
  if (typeof (error as { code?: unknown }).code !== "string") return error;
  located.add(error);
  const { stack } = error;
  const lines = linesOf()?.filter((line) => stack?.includes(line) === false) ?? [];
  // Does nothing if the program has frozen the error.
  if (lines.length > 0) Reflect.set(error, "stack", [stack, ...lines].join(""));
  return error;
}
