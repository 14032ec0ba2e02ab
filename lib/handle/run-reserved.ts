import { hasLimits, type Limits, type Stop, watch } from "./call-limits.js";
import type { Connection } from "./connection.js";
import { commitUnknown } from "./lost-answer.js";

/**
 * Runs `work` on a reserved connection. Fails immediately if the connection is lost or the time is over, whatever the
 * work is waiting for.
 */
export async function runReserved<Result>(
  connection: Connection,
  what: "begin" | "session",
  limits: Limits,
  work: (own: Connection) => Promise<Result>,
): Promise<Result> {
  const { settings } = connection;
  const start = Date.now();
  const whole = hasLimits(limits);
  const waiting = whole || settings.limits ? { ...settings.limits, ...limits } : undefined;
  for (const signal of [limits.signal, settings.limits?.signal]) if (signal?.aborted === true) throw signal.reason;
  const held = await connection.reserve(what, { ...settings, limits: waiting });
  const { line } = held;
  const own = connection.pin(held);
  let unwatch = () => {};
  const over = new Promise<never>((_resolve, reject) => {
    if (!whole) return;
    const stop = (how: Stop) => {
      const stopped = how.error("whole");
      const error = held.isCommitting ? commitUnknown(stopped, "the transaction was stopped") : stopped;
      line.stopAll(error);
      reject(error);
    };
    const left = limits.timeout && Math.max(1, limits.timeout - (Date.now() - start));
    unwatch = watch(limits, what === "session" ? "the session" : "the transaction", stop, left);
  });
  const lost = line.lost.catch((error: unknown) => {
    throw held.isCommitting ? commitUnknown(error) : error;
  });
  try {
    return await Promise.race([work(own).finally(() => finish(own)), lost, over]);
  } finally {
    unwatch();
    own.end();
    line.release(what === "session");
  }
}

async function finish(own: Connection): Promise<void> {
  await own.idle();
  await own.leaveCursor();
}
