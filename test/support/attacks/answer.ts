import { NextvalError } from "nextval";

/** How long a call may take before it counts as one that never ends. Much longer than the slowest answer. */
const PATIENCE_MS = 20_000;

/** How a call ended. */
export type Answer<Value> =
  | { readonly kind: "value"; readonly value: Value }
  /** An error of the server, or one that the library made of it. */
  | { readonly kind: "server error"; readonly code: string; readonly error: Error }
  /** Refused by the library before anything was sent. */
  | { readonly kind: "refused"; readonly code: string; readonly error: Error }
  /** The connection was lost, so the server may have done what was asked, or not. */
  | { readonly kind: "lost"; readonly code: string; readonly error: Error }
  /** Anything else that was thrown, such as an error of the test's own work in a transaction. */
  | { readonly kind: "other error"; readonly error: unknown };

const LOST =
  /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|COMMIT_UNKNOWN|ECONN(RESET|REFUSED|ABORTED)|EPIPE|57P0[1-3])$/;

/** Whether this is the code of a call whose connection was lost. */
export function isLoss(code: string): boolean {
  return LOST.test(code);
}

/** Waits for the answer of a call. Throws if none comes in time, because no call may wait forever. */
export async function answerOf<Value>(name: string, call: () => PromiseLike<Value>): Promise<Answer<Value>> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s: ${name}`)), PATIENCE_MS);
  });
  // An async function, because a template may be refused by a throw.
  const answer = (async () => call())().then(
    (value): Answer<Value> => ({ kind: "value", value }),
    (error: unknown) => classify(error),
  );
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function classify(error: unknown): Answer<never> {
  if (!(error instanceof Error) || !("code" in error)) return { kind: "other error", error };
  const code = String(error.code);
  if (isLoss(code)) return { kind: "lost", code, error };
  if (isOfServer(error)) return { kind: "server error", code, error };
  if (error instanceof NextvalError) {
    return { kind: isOfServer(error.cause) ? "server error" : "refused", code, error };
  }
  return { kind: "other error", error };
}

/** A cancelled statement that was not sent fails with the server's code and without its other fields. */
function isOfServer(error: unknown): boolean {
  return error instanceof Error && ("severity" in error || ("code" in error && error.code === "57014"));
}
