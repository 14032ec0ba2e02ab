import { NextvalError } from "../../errors.js";
import { createSessionHandle, type SessionQueryable } from "../handles/queryable.js";
import { checkedLimits, type Limits } from "../running/call-limits.js";
import type { Connection } from "../running/connection.js";
import { command, commit } from "./commands.js";

/** A transaction, as `begin` passes it to its work. */
export interface Transaction extends SessionQueryable {
  /**
   * Runs `work` after a savepoint. If it throws, its changes are rolled back, and the error is passed on.
   *
   * ```ts
   * await tx.savepoint(async (inner) => inner`insert into notes (id) values (${nextval(noteSeq)})`);
   * ```
   *
   * Statements that run on the outer handle before it ends are rolled back with it.
   */
  savepoint<Result>(work: Work<Result>): Promise<Outcome<Result>>;

  /**
   * Prevents `retries` from running this work again. Call it before the work does something that must not happen twice,
   * such as sending an email.
   */
  noRetry(): void;
}

/** The work of a transaction. `begin` returns its result. */
export type Work<Result> = (transaction: Transaction) => Result | Promise<Result>;

/** The statements that begin a savepoint, and that end it after its work or after `rollback to`. */
export const SAVEPOINT = "savepoint nextval";
export const RELEASE = "release nextval";

/** @internal Options of `transact`. */
export interface Transacting {
  /** The statement that opens the transaction. */
  readonly statement: string;
  /** Whether the connection returns to the pool when the transaction ends. */
  readonly isLast?: boolean;
  /** Called when the work must not be run again. */
  readonly onNoRetry: () => void;
}

/** @internal Runs work in a transaction on a reserved connection. */
export async function transact<Result>(
  session: Connection,
  { statement, isLast, onNoRetry }: Transacting,
  work: Work<Result>,
): Promise<Outcome<Result>> {
  await command(session, statement);
  const transaction = session.nested();
  const outcome = await attempt(transaction, work, onNoRetry).catch(async (error: unknown) => {
    // If the connection is lost, the server has rolled back on its own. The error that led here matters more.
    await command(session, "rollback", isLast).catch(() => {});
    throw error;
  });
  // If a statement of the transaction has failed, the server answers COMMIT with a rollback and no error.
  if ((await commit(session, isLast)) === "COMMIT") return outcome;
  throw transaction.scope.failure ?? rolledBack();
}

/** @internal The error of a transaction that the server has rolled back instead of committing. */
export function rolledBack(): NextvalError {
  return new NextvalError("TRANSACTION_FAILED", "the server has rolled the transaction back");
}

/** Runs work on a connection. Fails if one of its statements has failed, even if the work has caught the error. */
async function attempt<Result>(
  connection: Connection,
  work: Work<Result>,
  onNoRetry: () => void,
): Promise<Outcome<Result>> {
  const { scope } = connection;
  try {
    const outcome = await outcomeOf(work(transactionHandle(connection, onNoRetry)));
    await scope.idle();
    if (scope.failure !== undefined) throw scope.failure;
    return outcome;
  } finally {
    await scope.held?.leaveCursor?.();
    scope.hasEnded = true;
  }
}

/** @internal */
export function transactionHandle(connection: Connection, noRetry: () => void): Transaction {
  return Object.assign(createSessionHandle(connection), {
    noRetry,
    savepoint: <Inner>(inner: Work<Inner>) => connection.scope.nest(() => save(connection, inner, noRetry)),
    with: (limits: Limits) => transactionHandle(connection.limited(checkedLimits("with", limits)), noRetry),
  });
}

async function save<Result>(outer: Connection, work: Work<Result>, onNoRetry: () => void): Promise<Outcome<Result>> {
  const connection = outer.nested();
  await command(outer, SAVEPOINT);
  try {
    const outcome = await attempt(connection, work, onNoRetry);
    // Fails if a statement failed that was not awaited.
    await command(outer, RELEASE);
    return outcome;
  } catch (error) {
    // Outer and inner savepoints have the same name, so this one has to be released.
    await command(outer, "rollback to nextval").then(
      () => command(outer, RELEASE),
      () => {},
    );
    throw connection.scope.failure ?? error;
  }
}

/**
 * The result of `begin`, `savepoint` and `session`. If the work returns an array of statements, as postgres.js allows,
 * the result is an array of their rows.
 */
export type Outcome<Result> =
  Awaited<Result> extends infer Settled
    ? Settled extends readonly PromiseLike<unknown>[]
      ? { -readonly [Index in keyof Settled]: Awaited<Settled[Index]> }
      : Settled
    : never;

/**
 * Waits for the result of the work, and for the statements of an array, because a statement that is not awaited never
 * runs.
 */
export async function outcomeOf<Result>(result: Result | Promise<Result>): Promise<Outcome<Result>> {
  const settled: unknown = await result;
  // The rows of a statement are also an array, possibly empty. They keep their count and command.
  const isList = Array.isArray(settled) && settled.length > 0 && settled.every(isThenable);
  const outcome = isList ? await Promise.all(settled) : settled;
  return outcome as Outcome<Result>;
}

function isThenable(thing: unknown): boolean {
  return typeof thing === "object" && thing !== null && "then" in thing && typeof thing.then === "function";
}
