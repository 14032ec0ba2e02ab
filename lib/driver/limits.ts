import { NextvalError } from "../error.js";

/** How long calls may take. Nothing is limited unless stated. */
export interface Limits {
  /** In milliseconds, from 1 to 2147483647, the wait for a connection included. What takes longer fails with `TIMEOUT`. */
  readonly timeout?: number | undefined;
  /** When it is aborted, calls fail with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a handle was told about its calls. */
export interface Settings {
  readonly limits?: Limits | undefined;
  /** How long a statement waits for a connection, in ms; 0 waits forever. */
  readonly wait: number;
}

/**
 * What was stopped: a statement that waited, one that ran with nothing sent after it, one that was sent together with others; or a whole
 * transaction or session.
 */
export type Stage = "unsent" | "running" | "together" | "whole";

/** How a statement is stopped before its answer. */
export interface Stop {
  /** What its caller gets. */
  error(stage: Stage): unknown;
  /** Whether the caller waits for what the server says to a request to stop it. */
  readonly waits: boolean;
}

const AFTERMATH: { readonly [Each in Stage]: string } = {
  unsent: "it was not sent",
  running: "the server was asked to stop it",
  whole: "what it had open is rolled back",
  together: "it was sent together with others, and may still run on the server",
};

/** By `query.cancel()`. */
export const CANCEL: Stop = {
  error(stage) {
    const also = stage === "together" ? `; ${AFTERMATH.together}` : "";
    return Object.assign(new Error(`canceling statement due to user request${also}`), { code: "57014" });
  },
  waits: true,
};

const MAX_TIMEOUT_MS = 2_147_483_647;

/** Refuses limits that mean nothing. */
export function checkedLimits<Given extends Limits>(given: Given): Given {
  const { timeout, signal } = given;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 1 && timeout <= MAX_TIMEOUT_MS)) {
    throw new NextvalError(
      "INVALID_OPTIONS",
      `timeout takes milliseconds from 1 to ${MAX_TIMEOUT_MS}, not ${String(timeout)}`,
    );
  }
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw new NextvalError("INVALID_OPTIONS", `signal takes an AbortSignal, not ${String(signal)}`);
  }
  return given;
}

/** Calls `stop` once when a limit is reached, which is after `left` ms if some of the time has passed; the result ends the watch. */
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
  const onAbort = () => end(() => signal?.reason);
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(end, left, (stage: Stage) => {
          return new NextvalError("TIMEOUT", `${what} did not end within ${timeout} ms; ${AFTERMATH[stage]}`);
        });
  signal?.addEventListener("abort", onAbort);
  const unwatch = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  return unwatch;
}
