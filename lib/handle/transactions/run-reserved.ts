import { commitUnknown } from "../errors/lost-answer.js";
import { abortedBy, hasLimits, type Limits, mergedLimits, type Stop, watch } from "../running/call-limits.js";
import type { Connection } from "../running/connection.js";
import { Scope } from "../running/scope.js";

/**
 * Undoes everything that a session may have changed, like DISCARD ALL. It keeps prepared statements, because the driver
 * would continue to use them. Source: "DISCARD" in the PostgreSQL documentation.
 */
export const RESET =
  "close all; set session authorization default; reset all; unlisten *; " +
  "select pg_catalog.pg_advisory_unlock_all(); discard plans; discard temp; discard sequences";

/**
 * Runs `work` on a reserved connection. Fails immediately if the connection is lost or the time is over, whatever the
 * work is waiting for.
 */
export async function runReserved<Result>(
  connection: Connection,
  what: "begin" | "session",
  limits: Limits,
  work: (own: Connection) => Promise<Result>,
  start = performance.now(),
): Promise<Result> {
  const { settings } = connection;
  const whole = hasLimits(limits);
  const timeLeft = () => limits.timeout && Math.max(1, Math.ceil(limits.timeout - (performance.now() - start)));
  const wait = limits.timeout === undefined ? limits : mergedLimits(limits, { timeout: timeLeft() });
  const waiting = whole || settings.limits ? mergedLimits(settings.limits, wait) : undefined;
  throwIfAborted(limits.signal);
  throwIfAborted(settings.limits?.signal);
  const held = await connection.reserve(what, { ...settings, limits: waiting });
  const { line } = held;
  const own = connection.within(new Scope(held));
  let unwatch = () => {};
  const over = new Promise<never>((_resolve, reject) => {
    if (!whole) return;
    const stop = (how: Stop) => {
      const stopped = how.error("whole");
      const error = held.isCommitting ? commitUnknown(stopped, "the transaction was stopped") : stopped;
      line.stopAll(error);
      reject(error);
    };
    unwatch = watch(limits, what === "session" ? "the session" : "the transaction", stop, timeLeft());
  });
  const lost = line.lost.catch((error: unknown) => {
    throw held.isCommitting ? commitUnknown(error) : error;
  });
  // The connection may be lost although nothing waits for it.
  lost.catch(() => {});
  try {
    // It may have been aborted in the moment when the connection was taken.
    throwIfAborted(limits.signal);
    return await Promise.race([work(own).finally(() => finish(own)), lost, over]);
  } finally {
    unwatch();
    own.scope.hasEnded = true;
    line.release(what === "session");
    // Otherwise a direct statement of the program could run before the changes are undone.
    const returned = line.returned?.();
    if (returned !== undefined) await returned;
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  const reason = abortedBy(signal);
  if (reason !== undefined) throw reason;
}

async function finish(own: Connection): Promise<void> {
  await own.scope.idle();
  await own.scope.held?.leaveCursor?.();
}
