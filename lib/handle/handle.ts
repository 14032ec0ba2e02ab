import type { RowFrom } from "../../types/rows.js";
import type { Integer, SequenceLike, SequenceNeeded } from "../../types/sequence-options.js";
import type { ValueOf } from "../sequence/sequence.js";
import type { CheckedThings, StatedThings, Thing } from "../sql/checked-things.js";
import type { Sql } from "../sql/fragment.js";
import type { Limits } from "./call-limits.js";
import type { DrawOptions } from "./draws.js";
import type { Query } from "./query.js";
import type { Outcome } from "./work-result.js";

/** A template tag that runs the statement that it makes. */
export interface RunningTag {
  /**
   * Runs a template. The statement is sent when the result is first awaited.
   *
   * ```ts
   * const orders = await db`select * from orders where id = ${id}`;
   * ```
   *
   * The row type has the columns that spliced expressions name with `.as("id")`. You can also state it:
   * ``await db<{ id: bigint }>`select ...` ``. A stated row type needs all columns, including those of `.as()`, because
   * TypeScript infers either all types of a call or none.
   */
  <Row extends object = {}, const Things extends readonly Thing[] = StatedThings>(
    strings: TemplateStringsArray,
    ...things: CheckedThings<Things>
  ): Query<RowFrom<Row, Things>>;
}

/** Runs statements, and has the functions of sequences. Pools, sessions and transactions are handles. */
export interface Queryable extends RunningTag {
  /**
   * Runs a fragment when the result is first awaited.
   *
   * ```ts
   * const orders = await db.query(sql<Order>`select * from orders`);
   * ```
   */
  query<Row>(fragment: Sql<Row>): Query<Row>;

  /**
   * Returns this handle with limits on each of its statements, including those of its `begin` and `session`.
   *
   * ```ts
   * const quick = db.with({ timeout: 500 });
   * await quick`select pg_sleep(10)`; // fails with TIMEOUT after half a second; the server is asked to stop it
   * ```
   *
   * `timeout` is in milliseconds and includes the wait for a connection. A cursor only has the limits of its
   * transaction.
   *
   * A statement that was sent together with others cannot be stopped. It fails, the error says so, and it may still run
   * on the server.
   */
  with(limits: Limits): this;

  /**
   * Runs a fragment that returns exactly one row, and returns that row. Throws `UNEXPECTED_ROW_COUNT` for any other
   * number of rows.
   *
   * ```ts
   * const { id } = await db.one(sql`select ${nextval(orderSeq).as("id")}`);
   * ```
   */
  one<Row>(fragment: Sql<Row>): Promise<Row>;

  /**
   * Reads a large result in batches of `size` rows, 100 by default. Leaving the loop closes the cursor.
   *
   * ```ts
   * for await (const rows of db.cursor(sql<Order>`select * from orders`, 500)) await archive(rows);
   * ```
   *
   * On a pool the cursor has a connection of its own until the loop ends. On a session or transaction nothing else can
   * run until then.
   */
  cursor<Row>(fragment: Sql<Row>, size?: number): AsyncIterable<Row[]>;

  /**
   * Draws the next value of a sequence.
   *
   * ```ts
   * const id = await db.nextval(orderSeq); // select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)
   * const ids = await Promise.all(rows.map(() => db.nextval(orderSeq))); // one statement
   * ```
   *
   * Calls of one tick share a statement, and get their values in the order of the calls. If the sequence ends, all of
   * them fail with `SEQUENCE_EXHAUSTED`. A drawn value never returns to the sequence. `DrawOptions` says what a crash
   * of the server may do.
   */
  nextval<Sequence extends SequenceLike>(
    sequence: Sequence | SequenceNeeded,
    options?: DrawOptions,
  ): Promise<ValueOf<Sequence>>;

  /**
   * Draws `count` values in one round trip, and returns them in the order in which they were drawn.
   *
   * ```ts
   * const ids = await db.nextvals(orderSeq, 1000);
   * ```
   *
   * `count` is from 0 to 2147483647. Fails with `SEQUENCE_EXHAUSTED` if the sequence ends before.
   */
  nextvals<Sequence extends SequenceLike>(
    sequence: Sequence | SequenceNeeded,
    count: number,
    options?: DrawOptions,
  ): Promise<ValueOf<Sequence>[]>;

  /**
   * Sets the current value of a sequence, and returns it. A rollback does not undo it.
   *
   * ```ts
   * await db.setval(orderSeq, sql`(select max(id) from orders)`);
   * // select pg_catalog.setval('"order_seq"'::pg_catalog.regclass, (select max(id) from orders))
   * ```
   *
   * If `isCalled` is true, which is the default, the next value is `value` plus the increment. If it is false, the next
   * value is `value` itself.
   */
  setval<Sequence extends SequenceLike>(
    sequence: Sequence | SequenceNeeded,
    value: Integer | Sql,
    isCalled?: boolean,
  ): Promise<ValueOf<Sequence>>;
}

/**
 * A handle whose statements all run in one session of the server. The server remembers the last values of a session.
 */
export interface SessionQueryable extends Queryable {
  /**
   * Returns the value that `nextval` last returned for this sequence in this session. Fails with `SEQUENCE_NOT_CALLED`
   * if the session has not drawn a value from it.
   */
  currval<Sequence extends SequenceLike>(sequence: Sequence | SequenceNeeded): Promise<ValueOf<Sequence>>;

  /** Returns the value that `nextval` last returned in this session, for any sequence. */
  lastval(): Promise<bigint>;
}

/** Options of `begin`. */
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
   * advisory locks, temporary tables, open cursors, an open transaction. Values that CACHE has reserved are lost.
   */
  session<Result>(work: (session: Session) => Result | Promise<Result>, limits?: Limits): Promise<Outcome<Result>>;
}

/** A reserved connection, outside a transaction or around several. */
export interface Session extends SessionQueryable {
  /**
   * Runs `work` in a transaction on this connection, as `begin` of a pool does. `timeout` and `signal` limit each
   * statement.
   *
   * Statements that run on the session's own handle before it ends are part of it.
   */
  begin: Database["begin"];
}

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
