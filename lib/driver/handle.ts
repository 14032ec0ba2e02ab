import type { Integer } from "../../types/options.js";
import type { RowFrom } from "../../types/rows.js";
import type { SequenceLike, ValueOf } from "../sequence/sequence.js";
import type { Sql } from "../sql/fragment.js";
import type { CheckedThings, Thing } from "../sql/checked-things.js";
import type { Splice } from "../sql/value.js";
import type { DrawOptions } from "./draw.js";
import type { Limits } from "./limits.js";
import type { Outcome } from "./outcome.js";
import type { Query } from "./query.js";

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

/** What a pool, a session and a transaction have in common: a tag that runs, and the functions of sequences. */
export interface Handle extends RunningTag {
  /** Runs a fragment. */
  query<Row>(fragment: Sql<Row>): Query<Row>;

  /**
   * The same handle with limits on each of its calls: how long a statement may take, the wait for a connection included, and a signal
   * that ends it. A cursor has the limits of its transaction only.
   *
   * ```ts
   * const quick = db.with({ timeout: 500 });
   * await quick`select pg_sleep(10)`; // fails with TIMEOUT after half a second, and the server is asked to stop
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
   * On a session or transaction nothing else can run until the loop is left.
   */
  cursor<Row>(fragment: Sql<Row>, size?: number): AsyncIterable<Row[]>;

  /**
   * Draws the next value: `select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`. A value drawn is never given back.
   *
   * ```ts
   * const ids = await Promise.all(rows.map(() => db.nextval(orderSeq))); // one statement
   * ```
   *
   * Calls of one tick share a statement; their order is that of the values. Where the sequence ends, all of them fail with
   * `SEQUENCE_EXHAUSTED`. See `DrawOptions` for what a crash of the server may do.
   */
  nextval<Sequence extends SequenceLike>(sequence: Sequence, options?: DrawOptions): Promise<ValueOf<Sequence>>;

  /** Draws `count` values, from 0 to 2147483647, in one round trip, in the order in which they were drawn. */
  nextvals<Sequence extends SequenceLike>(
    sequence: Sequence,
    count: number,
    options?: DrawOptions,
  ): Promise<ValueOf<Sequence>[]>;

  /**
   * Sets the current value, and gives it back; it is not undone by a rollback.
   *
   * With `isCalled` true, as it is by default, the next value is `value` plus the increment; with false it is `value` itself.
   */
  setval<Sequence extends SequenceLike>(
    sequence: Sequence,
    value: Integer | Sql,
    isCalled?: boolean,
  ): Promise<ValueOf<Sequence>>;
}

/** A handle whose statements all run in one session of the server, so that what the session remembers can be read. */
export interface SessionHandle extends Handle {
  /** The value that `nextval` gave last for this sequence in this session. */
  currval<Sequence extends SequenceLike>(sequence: Sequence): Promise<ValueOf<Sequence>>;

  /** The value that `nextval` gave last in this session, of whichever sequence. */
  lastval(): Promise<bigint>;
}

/** What `begin` takes beside the work. */
export interface BeginOptions extends Limits {
  /**
   * How often the whole work is run again if the transaction failed because of another one: SQLSTATE 40001 (serialization failure) and
   * 40P01 (deadlock), at the commit, too. Pauses grow from 10 ms to 1 s. Default: 0. Never after `COMMIT_UNKNOWN`, and never after the
   * work has called `tx.noRetry()`.
   */
  readonly retries?: number | undefined;
}

/** A pool of connections, each statement on any of them. `currval` and `lastval` do not exist here: begin or reserve. */
export interface Database extends Handle {
  /**
   * Runs `work` in a transaction: committed when it returns, rolled back when it throws or a statement of it fails.
   * `modes` follow `begin`, such as `"isolation level serializable"` or `"read only"`.
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
   * - Change settings with `set local`: what `set` changes stays on the connection, and reaches others.
   * - `timeout` and `signal` limit the whole of it. What is open when they end it is rolled back.
   * - Inside, use `tx`: a statement on `db` waits for another connection, and may wait for this transaction to end.
   * - If the connection is lost before the server has answered COMMIT, it fails with `COMMIT_UNKNOWN`: nothing here can tell whether the
   *   transaction was committed.
   */
  begin<Result>(work: Work<Result>, options?: BeginOptions): Promise<Outcome<Result>>;
  begin<Result>(modes: string, work: Work<Result>, options?: BeginOptions): Promise<Outcome<Result>>;

  /**
   * Runs `work` on one reserved connection, which goes back to the pool afterwards. What the session has changed is undone first:
   * settings, role, advisory locks, temporary tables, open cursors, an open transaction. Values that CACHE has reserved are given up.
   */
  session<Result>(work: (session: Session) => Result | Promise<Result>, limits?: Limits): Promise<Outcome<Result>>;
}

/** One connection of its own, outside a transaction or around several. */
export interface Session extends SessionHandle {
  /** The same as that of the pool, on this connection; `timeout` and `signal` limit each statement. */
  begin: Database["begin"];
}

/** A transaction. */
export interface Transaction extends SessionHandle {
  /** Runs `work` after a savepoint: when it throws, what it did is rolled back to there, and the error is passed on. */
  savepoint<Result>(work: Work<Result>): Promise<Outcome<Result>>;

  /** From now on this transaction is not run again by `retries`, because the work has done something that must not happen twice. */
  noRetry(): void;
}

/** What is done in a transaction; what it returns is what `begin` gives back. */
export type Work<Result> = (transaction: Transaction) => Result | Promise<Result>;
