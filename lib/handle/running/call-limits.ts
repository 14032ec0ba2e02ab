import type { ValueMode } from "../../../types/sequence-options.js";
import { NextvalError } from "../../errors.js";
import { optionsOf } from "../../option-object.js";
import { shown } from "../../sequence/messages.js";

/** Limits of calls, as {@link Queryable.with} takes them. Without them a call may wait forever. */
export interface Limits {
  /**
   * How long a call may take, in milliseconds from 1 to 2147483647, including the wait for a connection. A call that
   * takes longer fails with `TIMEOUT`.
   */
  readonly timeout?: number | undefined;
  /** When it is aborted, calls fail with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Stands for absent options. It inherits nothing, so properties added to Object.prototype are not options. */
export const NO_OPTIONS: {} = /* @__PURE__ */ Object.freeze(Object.create(null) as {});

export function hasLimits({ timeout, signal }: Limits): boolean {
  return timeout !== undefined || signal !== undefined;
}

/** The settings of a handle for its calls. */
export interface Settings {
  readonly limits?: Limits | undefined;
  /** How long a statement waits for a connection, in ms; 0 waits forever. */
  readonly wait: number;
  /** What `int8` columns arrive as; undefined for bigint, unless the client reads them itself. */
  readonly int8?: ValueMode | undefined;
}

/**
 * The state of the work that is stopped. `unsent`: a statement that was not sent yet. `running`: a statement with
 * nothing sent after it. `together`: a statement that was sent together with others. `unstoppable`: the driver has no
 * way to stop it. `whole`: a transaction or session.
 */
export type Stage = "unsent" | "running" | "together" | "unstoppable" | "whole";

/** Stops a statement before its answer. */
export interface Stop {
  /** The error that the caller gets. */
  error(stage: Stage): unknown;
  /** Whether the caller waits for the server's answer to the request to stop. */
  readonly waits: boolean;
}

const AFTERMATH: { readonly [Each in Stage]: string } = {
  unsent: "it was not sent",
  running: "the server was asked to stop it",
  whole: "what it had open is rolled back",
  together: "it was sent together with others and may still run on the server",
  unstoppable: "it may still run, because its driver has no way to stop it",
};

/** The stop that `query.cancel()` uses. */
export const CANCEL: Stop = {
  error(stage) {
    const also = stage === "together" || stage === "unstoppable" ? `, and ${AFTERMATH[stage]}` : "";
    return Object.assign(new Error(`canceling statement due to user request${also}`), { code: "57014" });
  },
  waits: true,
};

const MAX_TIMEOUT_MS = 2_147_483_647;

/**
 * Throws for limits that are not allowed, and for options that the function does not have. Returns a copy that inherits
 * nothing.
 */
export function checkedLimits<Given extends Limits>(
  what: string,
  given: Given,
  besides: readonly (keyof Given & string)[] = [],
): Partial<Given> {
  const limits = optionsOf(what, given, ["timeout", "signal", ...besides]);
  const { timeout, signal } = limits;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 1 && timeout <= MAX_TIMEOUT_MS)) {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `timeout takes milliseconds from 1 to ${MAX_TIMEOUT_MS}, not ${shown(timeout)}`,
    );
  }
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw new NextvalError("INVALID_ARGUMENT", `signal takes an AbortSignal, not ${shown(signal)}`);
  }
  return limits;
}

/** Returns the first limits with those of the second instead, if it has any. The result inherits nothing. */
export function mergedLimits(first: Limits | undefined, second: Limits): Limits {
  return Object.assign(Object.create(null) as {}, first, second);
}

/**
 * Returns the reason of a signal that is aborted, or undefined. Signals of older polyfills have no reason, so it is an
 * error of the usual name then.
 */
export function abortedBy(signal: AbortSignal | undefined): unknown {
  if (signal?.aborted !== true) return undefined;
  if (signal.reason !== undefined) return signal.reason as unknown;
  return Object.assign(new Error("This operation was aborted"), { name: "AbortError" });
}

/**
 * Calls `stop` once when a limit is reached. `left` is the rest of the timeout, in ms. Returns a function that ends the
 * watch.
 */
export function watch(
  { timeout, signal }: Limits,
  what: string,
  stop: (how: Stop) => void,
  left = timeout,
): () => void {
  const end = (error: Stop["error"]) => {
    unwatch();
    stop({ error, waits: false });
  };
  const onAbort = () => end(() => abortedBy(signal));
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(end, left, (stage: Stage) => {
          return new NextvalError("TIMEOUT", `${what} did not end within ${timeout} ms, and ${AFTERMATH[stage]}`);
        });
  const ignore = signal === undefined ? undefined : listen(signal, onAbort);
  const unwatch = () => {
    clearTimeout(timer);
    ignore?.();
  };
  return unwatch;
}

interface Listening {
  readonly calls: Set<() => void>;
  readonly dispatch: () => void;
}

const listening = /* @__PURE__ */ new WeakMap<AbortSignal, Listening>();

/**
 * Calls `call` when the signal is aborted. Returns a function that ends that. All calls of a signal share one listener,
 * because Node.js warns of a leak from the eleventh on.
 */
function listen(signal: AbortSignal, call: () => void): () => void {
  let known = listening.get(signal);
  if (known === undefined) {
    const calls = new Set<() => void>();
    known = { calls, dispatch: () => calls.forEach((each) => each()) };
    listening.set(signal, known);
  }
  const { calls, dispatch } = known;
  if (calls.size === 0) signal.addEventListener("abort", dispatch);
  calls.add(call);
  return () => {
    if (calls.delete(call) && calls.size === 0) signal.removeEventListener("abort", dispatch);
  };
}
