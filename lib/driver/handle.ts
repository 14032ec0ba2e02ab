import type { Integer } from "../../types/options.js";
import type { RowOf } from "../../types/rows.js";
import type { SequenceLike, ValueOf } from "../sequence/sequence.js";
import type { Sql } from "../sql/fragment.js";
import type { Splice } from "../sql/value.js";
import type { DrawOptions } from "./draw.js";
import type { Outcome } from "./outcome.js";
import type { Query } from "./query.js";

/** A template tag that runs what it makes. */
export interface RunningTag {
  /** Runs a template; the row type holds the columns that spliced expressions name with `.as("id")`. */
  <const Things extends readonly Splice[]>(strings: TemplateStringsArray, ...things: Things): Query<RowOf<Things>>;
  /** Runs a template; the row type is stated: ``await db<{ id: bigint }>`select ...` ``. */
  <Row extends object>(strings: TemplateStringsArray, ...things: readonly Splice[]): Query<Row>;
}

/** What a pool, a session and a transaction have in common: a tag that runs, and the functions of sequences. */
export interface Handle extends RunningTag {
  /** Runs a fragment. */
  query<Row>(fragment: Sql<Row>): Query<Row>;

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
   * Draws the next value: `select nextval('"order_seq"'::regclass)`. A value drawn is never given back.
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

/** A pool of connections, each statement on any of them. `currval` and `lastval` do not exist here: begin or reserve. */
export interface Database extends Handle {
  /**
   * Runs `work` in a transaction: committed when it returns, rolled back when it throws or a statement of it fails.
   * `options` follow `begin`, such as `"isolation level serializable"` or `"read only"`.
   *
   * ```ts
   * await db.begin(async (tx) => {
   *   await tx`insert into orders (id) values (${nextval(orderSeq)})`;
   *   await tx`insert into items (order_id) values (${currval(orderSeq)})`;
   * });
   * ```
   *
   * A rollback gives back no drawn value and undoes no `setval`.
   */
  begin<Result>(work: Work<Result>): Promise<Outcome<Result>>;
  begin<Result>(options: string, work: Work<Result>): Promise<Outcome<Result>>;

  /** Runs `work` on one reserved connection, which goes back to the pool afterwards. */
  session<Result>(work: (session: Session) => Result | Promise<Result>): Promise<Outcome<Result>>;
}

/** One connection of its own, outside a transaction or around several. */
export interface Session extends SessionHandle {
  /** The same as that of the pool, on this connection. */
  begin: Database["begin"];
}

/** A transaction. */
export interface Transaction extends SessionHandle {
  /** Runs `work` behind a savepoint: when it throws, what it did is rolled back to there, and the error is passed on. */
  savepoint<Result>(work: Work<Result>): Promise<Outcome<Result>>;
}

/** What is done in a transaction; what it returns is what `begin` gives back. */
export type Work<Result> = (transaction: Transaction) => Result | Promise<Result>;
