import type { RowFrom } from "../../types/rows.js";
import type { Integer, SequenceLike } from "../../types/sequence-options.js";
import type { ValueOf } from "../sequence/sequence.js";
import type { CheckedThings, Thing } from "../sql/checked-things.js";
import type { Sql } from "../sql/fragment.js";
import type { Splice } from "../sql/value.js";
import type { Limits } from "./call-limits.js";
import type { DrawOptions } from "./nextval-batch.js";
import type { Query } from "./query.js";
import type { Outcome } from "./work-result.js";

/** A template tag that runs what it makes. */
export interface RunningTag {
  /**
   * Runs a template. The row type holds the columns that spliced expressions name with `.as("id")`, or it is stated:
   * ``await db<{ id: bigint }>`select ...` ``.
   */
  <Row extends object = {}, const Things extends readonly Thing[] = readonly Splice[]>(
    strings: TemplateStringsArray,
    ...things: CheckedThings<Things>
  ): Query<RowFrom<Row, Things>>;
}

/** A template tag that runs statements, with the functions of sequences. Pools, sessions and transactions are handles. */
export interface Handle extends RunningTag {
  /** Runs a fragment. */
  query<Row>(fragment: Sql<Row>): Query<Row>;

  /**
   * Returns the same handle with limits on each of its statements, also on those of its `begin` and `session`. `timeout` includes the wait
   * for a connection. A cursor has the limits of its transaction only.
   *
   * ```ts
   * const quick = db.with({ timeout: 500 });
   * await quick`select pg_sleep(10)`; // fails with TIMEOUT after half a second; the server is asked to stop it
   * ```
   *
   * A statement that was sent together with others cannot be stopped: it fails, and may still run on the server. The error says so.
   */
  with(limits: Limits): this;

  /** Runs a fragment that returns exactly one row; any other number is an `UNEXPECTED_ROW_COUNT` error. */
  one<Row>(fragment: Sql<Row>): Promise<Row>;

  /**
   * Reads a large result in batches of `size` rows (100 unless stated). Leaving the loop closes the cursor.
   *
   * ```ts
   * for await (const rows of db.cursor(sql<Order>`select * from orders`, 500)) await archive(rows);
   * ```
   *
   * On a pool it has a connection of its own until the loop is left. On a session or transaction nothing else can run until then.
   */
  cursor<Row>(fragment: Sql<Row>, size?: number): AsyncIterable<Row[]>;

  /**
   * Draws the next value: `select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`. A value drawn never returns to the sequence.
   *
   * ```ts
   * const ids = await Promise.all(rows.map(() => db.nextval(orderSeq))); // one statement
   * ```
   *
   * Calls of one tick share a statement, and get their values in the order of the calls. If the sequence ends, all of them fail with
   * `SEQUENCE_EXHAUSTED`. `DrawOptions` says what a crash of the server may do.
   */
  nextval<Sequence extends SequenceLike>(sequence: Sequence, options?: DrawOptions): Promise<ValueOf<Sequence>>;

  /** Draws `count` values, from 0 to 2147483647, in one round trip, in the order in which they were drawn. */
  nextvals<Sequence extends SequenceLike>(
    sequence: Sequence,
    count: number,
    options?: DrawOptions,
  ): Promise<ValueOf<Sequence>[]>;

  /**
   * Sets the current value, and returns it. A rollback does not undo it.
   *
   * With `isCalled` true, the default, the next value is `value` plus the increment. With false it is `value` itself.
   */
  setval<Sequence extends SequenceLike>(
    sequence: Sequence,
    value: Integer | Sql,
    isCalled?: boolean,
  ): Promise<ValueOf<Sequence>>;
}

/** A handle whose statements all run in one session of the server, which remembers the values that it has drawn. */
export interface SessionHandle extends Handle {
  /** Returns the value that `nextval` returned last for this sequence in this session. */
  currval<Sequence extends SequenceLike>(sequence: Sequence): Promise<ValueOf<Sequence>>;

  /** Returns the value that `nextval` returned last in this session, for any sequence. */
  lastval(): Promise<bigint>;
}

/** Options of `begin`. */
export interface BeginOptions extends Limits {
  /**
   * How often the whole work is run again if another transaction made this one fail: SQLSTATE 40001 (serialization failure) and 40P01
   * (deadlock), also at the commit. Pauses grow from 10 ms to 1 s. Default: 0. The work is not run again after `COMMIT_UNKNOWN`, nor
   * after it has called `tx.noRetry()`.
   */
  readonly retries?: number | undefined;
}

/** Runs each statement on any connection of a pool. `currval` and `lastval` need `begin` or `session`. */
export interface Database extends Handle {
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
   * - Change settings with `set local`: a setting that `set` changes stays on the connection, and reaches other users of it.
   * - `timeout` and `signal` limit the whole transaction. If they end it before the commit, it is rolled back.
   * - Inside, use `tx`: a statement on `db` needs another connection, and may wait for this transaction to end.
   * - If COMMIT gets no answer, because the connection is lost or a limit is reached, `begin` fails with `COMMIT_UNKNOWN`. The transaction
   *   may have been committed or not.
   */
  begin<Result>(work: Work<Result>, options?: BeginOptions): Promise<Outcome<Result>>;
  begin<Result>(modes: string, work: Work<Result>, options?: BeginOptions): Promise<Outcome<Result>>;

  /**
   * Runs `work` on one reserved connection. Before the connection goes back to the pool, all that the session has changed is undone:
   * settings, role, advisory locks, temporary tables, open cursors, an open transaction. Values that CACHE has reserved are lost.
   */
  session<Result>(work: (session: Session) => Result | Promise<Result>, limits?: Limits): Promise<Outcome<Result>>;
}

/** One connection of its own, outside a transaction or around several. */
export interface Session extends SessionHandle {
  /** Runs `work` in a transaction on this connection, as `begin` of a pool does. `timeout` and `signal` limit each statement. */
  begin: Database["begin"];
}

/** A transaction. */
export interface Transaction extends SessionHandle {
  /**
   * Runs `work` after a savepoint. When it throws, its changes are rolled back, and the error is passed on. Until it ends, what runs on the
   * outer handle is rolled back with it.
   */
  savepoint<Result>(work: Work<Result>): Promise<Outcome<Result>>;

  /**
   * Keeps `retries` from running this work again. Call it before the work does something that must not happen twice, such as sending a
   * mail.
   */
  noRetry(): void;
}

/** The work of a transaction. `begin` returns its result. */
export type Work<Result> = (transaction: Transaction) => Result | Promise<Result>;
