import type postgres from "postgres";
import { NextvalError, refuseArgument } from "../../errors.js";
import { checkedLimits, type Limits, NO_OPTIONS, type Stop, watch } from "../../handle/call-limits.js";
import { createHandle, createSessionHandle } from "../../handle/create-handle.js";
import type { BeginOptions, Database, Session, Work } from "../../handle/handle.js";
import { retry } from "../../handle/retry-transaction.js";
import { transact, type Transacting } from "../../handle/transact.js";
import { type Outcome, outcomeOf } from "../../handle/work-result.js";
import { checkKnown } from "../../option-object.js";
import { type Client, Connection } from "./connection.js";
import { commitUnknown } from "./lost-answer.js";
import { Pool } from "./pool.js";
import { Reserved } from "./reserve.js";

/** Options of `bind`. */
export interface BindOptions {
  /**
   * How long a statement waits for a connection of the pool, in milliseconds. Default: 30000; 0 waits forever.
   *
   * `begin` and `session` wait twice as long. A statement that has waited longer fails with `POOL_EXHAUSTED`; it was
   * never sent.
   */
  readonly waitTimeout?: number | undefined;
}

const DEFAULT_WAIT_MS = 30_000;

/**
 * Makes a handle of a postgres.js client. The handle neither changes nor ends the client.
 *
 * ```ts
 * const client = postgres();
 * const db = bind(client);
 * const id = await db.nextval(orderSeq);
 * ```
 *
 * Use the client for nothing else. If the driver's own tag cannot write a value, the answers on its connection shift to
 * other statements, including those of the handle.
 *
 * Statements run with the client's own types, transforms and hooks. A connection prepares a statement the second time
 * it runs there. `int8` columns arrive as bigint, unless the client parses `int8` itself
 * (`types: { bigint: postgres.BigInt }`). Columns that `.as()` names arrive as the sequence's `mode` says. The handle
 * reads arrays itself, so the client does not need `fetch_types`.
 */
export function bind<Types extends Record<string, unknown>>(
  client: postgres.Sql<Types>,
  options: BindOptions = NO_OPTIONS,
): Database {
  checkKnown("bind", options, ["waitTimeout"]);
  const { waitTimeout = DEFAULT_WAIT_MS } = options;
  if (!(typeof waitTimeout === "number" && waitTimeout >= 0 && waitTimeout <= 1_000_000_000)) {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `waitTimeout takes milliseconds from 0 to 1000000000, not ${String(waitTimeout)}`,
    );
  }
  // The objects that the driver's reserve() and begin() return have no options.
  if (typeof client !== "function" || typeof client.options?.max !== "number") {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      "bind takes a client as postgres() returns it, not a connection of its reserve() or begin(), a handle or an address",
    );
  }
  const { client_encoding: encoding = "UTF8" } = client.options.connection ?? {};
  if (!/^'?(?:utf-?8|unicode)'?$/i.test(String(encoding))) {
    const problem = "because postgres.js writes and reads everything as UTF-8";
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `bind takes a client without client_encoding ${String(encoding)}, ${problem}`,
    );
  }
  const pool = Pool.of(client);
  return databaseHandle(pool, new Connection(client as unknown as Client, pool, { wait: waitTimeout }));
}

function databaseHandle(pool: Pool, connection: Connection): Database {
  return Object.assign(createHandle(connection), {
    begin: beginWith((how, work, limits) =>
      reserved(pool, connection, limits, false, (own) => transact(own, { ...how, isLast: true }, work)),
    ),
    session: <Result>(work: (session: Session) => Result | Promise<Result>, limits: Limits = NO_OPTIONS) =>
      reserved(pool, connection, checkedLimits("session", limits), true, async (own) =>
        outcomeOf(work(sessionHandle(own))),
      ),
    with: (limits: Limits) => databaseHandle(pool, connection.limited(checkedLimits("with", limits))),
  });
}

function sessionHandle(own: Connection): Session {
  return Object.assign(createSessionHandle(own), {
    begin: beginWith((how, work, limits) => {
      const limited = hasLimits(limits) ? own.limited(limits) : own;
      return own.nest(() => transact(limited.nested(), how, work));
    }),
    with: (limits: Limits) => sessionHandle(own.limited(checkedLimits("with", limits))),
  });
}

/**
 * Runs `work` on a reserved connection. Fails immediately if the connection is lost or the time is over, whatever the
 * work is waiting for.
 */
async function reserved<Result>(
  pool: Pool,
  connection: Connection,
  limits: Limits,
  resets: boolean,
  work: (own: Connection) => Promise<Result>,
): Promise<Result> {
  if (pool.cannotReserve)
    refuseArgument(resets ? "session" : "begin", "needs a client with a max_pipeline of 1 or more");
  const { settings } = connection;
  const start = Date.now();
  const whole = hasLimits(limits);
  const waiting = whole || settings.limits ? { ...settings.limits, ...limits } : undefined;
  for (const signal of [limits.signal, settings.limits?.signal]) if (signal?.aborted === true) throw signal.reason;
  const line = await Reserved.from(pool, { ...settings, limits: waiting });
  const own = connection.pin(line);
  let unwatch = () => {};
  const over = new Promise<never>((_resolve, reject) => {
    if (!whole) return;
    const stop = (how: Stop) => {
      const stopped = how.error("whole");
      const error = line.isCommitting ? commitUnknown(stopped, "the transaction was stopped") : stopped;
      line.stopAll(error);
      reject(error);
    };
    const left = limits.timeout && Math.max(1, limits.timeout - (Date.now() - start));
    unwatch = watch(limits, resets ? "the session" : "the transaction", stop, left);
  });
  const lost = line.lost.catch((error: unknown) => {
    throw line.isCommitting ? commitUnknown(error) : error;
  });
  try {
    return await Promise.race([work(own).finally(() => finish(own)), lost, over]);
  } finally {
    unwatch();
    own.end();
    line.release(resets);
  }
}

async function finish(own: Connection): Promise<void> {
  await own.idle();
  await own.leaveCursor();
}

type Begin = <Result>(how: Transacting, work: Work<Result>, limits: Limits) => Promise<Outcome<Result>>;

function beginWith(run: Begin): Database["begin"] {
  return async <Result>(
    first: string | Work<Result>,
    second?: Work<Result> | BeginOptions,
    third?: BeginOptions,
  ): Promise<Outcome<Result>> => {
    const [modes, work, options] = typeof first === "string" ? [first, second, third] : ["", first, second];
    if (typeof work !== "function") return refuseArgument("begin", "needs a function to run");
    if (!/^[a-z, ]*$/i.test(modes)) {
      const given = JSON.stringify(modes);
      refuseArgument("begin", `takes transaction modes such as "read only", not ${given}`);
    }
    const { retries = 0, ...limits } = checkedLimits("begin", (options ?? NO_OPTIONS) as BeginOptions, ["retries"]);
    if (!Number.isInteger(retries) || retries < 0) {
      throw new NextvalError("INVALID_ARGUMENT", `retries takes a whole number from 0 on, not ${String(retries)}`);
    }
    return retry(retries, (onNoRetry) => run({ statement: `begin ${modes}`, onNoRetry }, work, limits));
  };
}

function hasLimits({ timeout, signal }: Limits): boolean {
  return timeout !== undefined || signal !== undefined;
}
