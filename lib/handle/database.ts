import type { ValueMode } from "../../types/sequence-options.js";
import { NextvalError, refuseArgument } from "../errors.js";
import { checkKnown } from "../option-object.js";
import { checkedLimits, hasLimits, type Limits, NO_OPTIONS, type Settings } from "./call-limits.js";
import { Connection } from "./connection.js";
import { createHandle, createSessionHandle } from "./create-handle.js";
import type { BeginOptions, Database, Session, Transaction, Work } from "./handle.js";
import type { Port } from "./port.js";
import { retry } from "./retry-transaction.js";
import { runReserved } from "./run-reserved.js";
import { transact, transactionHandle, type Transacting } from "./transact.js";
import { int8Readers } from "./values/int8-reader.js";
import { type Outcome, outcomeOf } from "./work-result.js";

/** Options of `bind`. */
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

const DEFAULT_WAIT_MS = 30_000;

/** Makes a handle over a port. */
export function createDatabase(port: Port, options?: BindOptions): Database {
  return databaseHandle(new Connection(port, settingsOf(options)));
}

/** Makes a handle of a transaction that the driver has begun and will end. */
export function createTransaction(connection: Connection, options?: BindOptions): Transaction {
  return transactionHandle(connection.configured(settingsOf(options)), () => {});
}

function settingsOf(options: BindOptions = NO_OPTIONS): Settings {
  checkKnown("bind", options, ["waitTimeout", "int8"]);
  const { waitTimeout = DEFAULT_WAIT_MS, int8 } = options;
  if (!(typeof waitTimeout === "number" && waitTimeout >= 0 && waitTimeout <= 1_000_000_000)) {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `waitTimeout takes milliseconds from 0 to 1000000000, not ${String(waitTimeout)}`,
    );
  }
  if (int8 !== undefined && !Object.hasOwn(int8Readers, int8)) {
    throw new NextvalError("INVALID_ARGUMENT", `int8 takes "bigint", "string" or "number", not ${String(int8)}`);
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
      return own.nest(() => transact(limited.nested(), how, work));
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
      throw new NextvalError("INVALID_ARGUMENT", `retries takes a whole number from 0 on, not ${String(retries)}`);
    }
    const start = Date.now();
    return retry(retries, (onNoRetry) => run({ statement: `begin ${modes}`, onNoRetry }, work, limits, start));
  };
}
