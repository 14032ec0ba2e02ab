import type { ValueMode } from "../../../types/sequence-options.js";
import { NextvalError, refuseArgument } from "../../errors.js";
import { checkKnown } from "../../option-object.js";
import { shown } from "../../sequence/messages.js";
import type { Port } from "../port.js";
import { checkedLimits, hasLimits, type Limits, NO_OPTIONS, type Settings } from "../running/call-limits.js";
import { Connection } from "../running/connection.js";
import { retry } from "../transactions/retry.js";
import { runReserved } from "../transactions/run-reserved.js";
import {
  type Outcome,
  outcomeOf,
  transact,
  type Transacting,
  type Transaction,
  transactionHandle,
  type Work,
} from "../transactions/transaction.js";
import { int8Readers } from "../values/int8-reader.js";
import { createHandle, createSessionHandle, type Queryable, type SessionQueryable } from "./queryable.js";

/** Options of {@link bind}. */
export interface BindOptions {
  /**
   * How long a statement waits for a connection of the pool, in milliseconds. Default: 30000; 0 waits forever.
   *
   * `begin` and `session` wait twice as long. A statement that has waited longer fails with `POOL_EXHAUSTED`; it was
   * never sent.
   */
  readonly waitTimeout?: number | undefined;

  /**
   * What `int8` columns arrive as: `"bigint"`, which is the default, `"string"` or `"number"`. JSON has no bigint, so
   * `"string"` suits a handle whose rows become JSON answers.
   *
   * - `"number"` fails with `UNEXPECTED_VALUE` for a value beyond 2^53-1.
   * - Arrays of `int8` are read alike. `nextval` and columns that `.as()` names arrive as the sequence's `mode` says.
   * - Over postgres.js, the default is what the client itself parses `int8` as, if it does.
   */
  readonly int8?: ValueMode | undefined;
}

/** Options of {@link Database.begin}. */
export interface BeginOptions extends Limits {
  /**
   * How often the whole work is run again if another transaction made this one fail. Default: 0.
   *
   * The errors are SQLSTATE 40001 (serialization failure) and 40P01 (deadlock), also at the commit. Pauses grow from 10
   * ms to 1 s. The work is not run again after `COMMIT_UNKNOWN`, nor after it has called `tx.noRetry()`.
   */
  readonly retries?: number | undefined;
}

/** Runs each statement on any connection of a pool. `currval` and `lastval` need `begin` or `session`. */
export interface Database extends Queryable {
  /**
   * Runs `work` in a transaction. Commits when it returns; rolls back when it throws or one of its statements fails.
   * `modes` follow the word `begin`, such as `"isolation level serializable"` or `"read only"`.
   *
   * ```ts
   * await db.begin(async (tx) => {
   *   await tx`insert into orders (id) values (${nextval(orderSeq)})`;
   *   await tx`insert into items (order_id) values (${currval(orderSeq)})`;
   * });
   * await db.begin("isolation level serializable", transfer, { retries: 3, timeout: 10_000 });
   * ```
   *
   * - A rollback returns no drawn value and undoes no `setval`.
   * - Change settings with `set local`: a setting that `set` changes stays on the connection, and reaches other users
   *   of it.
   * - `timeout` and `signal` limit the whole call, with all `retries`. If they end it before the commit, it is rolled
   *   back.
   * - Inside, use `tx`: a statement on `db` needs another connection, and may wait for this transaction to end.
   * - If COMMIT gets no answer, because the connection is lost or a limit is reached, `begin` fails with
   *   `COMMIT_UNKNOWN`. The transaction may have been committed or not.
   */
  begin<Result>(work: Work<Result>, options?: BeginOptions): Promise<Outcome<Result>>;
  begin<Result>(modes: string, work: Work<Result>, options?: BeginOptions): Promise<Outcome<Result>>;

  /**
   * Runs `work` on one reserved connection.
   *
   * ```ts
   * await db.session(async (session) => {
   *   await session`set statement_timeout = '1min'`;
   *   await session`select ${nextval(orderSeq)}`;
   * });
   * ```
   *
   * Before the connection returns to the pool, everything that the session has changed is undone: settings, role,
   * advisory locks, temporary tables, open cursors, an open transaction. Values that CACHE has reserved are lost. What
   * PREPARE has made stays.
   */
  session<Result>(work: (session: Session) => Result | Promise<Result>, limits?: Limits): Promise<Outcome<Result>>;
}

/**
 * A reserved connection, outside a transaction or around several, as {@link Database.session} passes it to its work.
 */
export interface Session extends SessionQueryable {
  /**
   * Runs `work` in a transaction on this connection, as `begin` of a pool does. `timeout` and `signal` limit each
   * statement.
   *
   * Statements that run on the session's own handle before it ends are part of it.
   */
  begin: Database["begin"];
}

const DEFAULT_WAIT_MS = 30_000;

/** @internal Makes a handle over a port. */
export function createDatabase(port: Port, options?: BindOptions): Database {
  return databaseHandle(new Connection(port, settingsOf(options)));
}

/** @internal Makes a handle of a transaction that the driver has begun and will end. */
export function createTransaction(connection: Connection, options?: BindOptions): Transaction {
  return transactionHandle(connection.configured(settingsOf(options)), () => {});
}

function settingsOf(options: BindOptions = NO_OPTIONS): Settings {
  checkKnown("bind", options, ["waitTimeout", "int8"]);
  const { waitTimeout = DEFAULT_WAIT_MS, int8 } = options;
  if (!(typeof waitTimeout === "number" && waitTimeout >= 0 && waitTimeout <= 1_000_000_000)) {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `waitTimeout takes milliseconds from 0 to 1000000000, not ${shown(waitTimeout)}`,
    );
  }
  if (int8 !== undefined && !Object.hasOwn(int8Readers, int8)) {
    throw new NextvalError("INVALID_ARGUMENT", `int8 takes "bigint", "string" or "number", not ${shown(int8)}`);
  }
  return { wait: waitTimeout, int8 };
}

function databaseHandle(connection: Connection): Database {
  return Object.assign(createHandle(connection), {
    begin: beginWith((how, work, limits, start) =>
      runReserved(connection, "begin", limits, (own) => transact(own, { ...how, isLast: true }, work), start),
    ),
    session: <Result>(work: (session: Session) => Result | Promise<Result>, limits: Limits = NO_OPTIONS) =>
      runReserved(connection, "session", checkedLimits("session", limits), async (own) =>
        outcomeOf(work(sessionHandle(own))),
      ),
    with: (limits: Limits) => databaseHandle(connection.limited(checkedLimits("with", limits))),
  });
}

function sessionHandle(own: Connection): Session {
  return Object.assign(createSessionHandle(own), {
    begin: beginWith((how, work, limits) => {
      const limited = hasLimits(limits) ? own.limited(limits) : own;
      return own.scope.nest(() => transact(limited.nested(), how, work));
    }),
    with: (limits: Limits) => sessionHandle(own.limited(checkedLimits("with", limits))),
  });
}

type Begin = <Result>(how: Transacting, work: Work<Result>, limits: Limits, start: number) => Promise<Outcome<Result>>;

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
    const limits = checkedLimits("begin", (options ?? NO_OPTIONS) as BeginOptions, ["retries"]);
    const { retries = 0 } = limits;
    if (!Number.isInteger(retries) || retries < 0) {
      throw new NextvalError("INVALID_ARGUMENT", `retries takes a whole number from 0 on, not ${shown(retries)}`);
    }
    const start = performance.now();
    return retry(retries, (onNoRetry) => run({ statement: `begin ${modes}`, onNoRetry }, work, limits, start));
  };
}
