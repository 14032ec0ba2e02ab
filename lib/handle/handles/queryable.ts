import type { RowFrom } from "../../../types/rows.js";
import type { Integer, SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import { NextvalError } from "../../errors.js";
import { currval, decoderOf, lastval, setval } from "../../sequence/functions.js";
import { throwSequenceError } from "../../sequence/sequence-name.js";
import { sequenceOf, type ValueOf } from "../../sequence/sequence.js";
import type { CheckedThings, StatedThings, Thing } from "../../sql/checked-things.js";
import { Sql } from "../../sql/fragment.js";
import { forAwaiting, originOf } from "../../sql/origin.js";
import { fragmentOf, tag } from "../../sql/tag.js";
import { admit } from "../../sql/value.js";
import type { DrawOptions } from "../drawing/draws.js";
import type { Limits } from "../running/call-limits.js";
import type { Connection } from "../running/connection.js";
import { Query } from "../running/query.js";

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

/** @internal Makes a handle without `with`, which each kind of handle adds because it returns its own kind. */
export function createHandle(connection: Connection): Omit<Queryable, "with"> & RunningTag {
  const queryOf = <Row>(given: Sql<Row>, caller: (...args: never) => unknown): Query<Row> => {
    const fragment = genuine(given);
    return new Query(connection, fragment, Sql.shapeOf(fragment).origin ?? originOf(caller));
  };
  const query = <Row>(fragment: Sql<Row>): Query<Row> => queryOf(fragment, query);
  const one = async <Row>(fragment: Sql<Row>): Promise<Row> => queryOf(fragment, one).one();
  const cursor = <Row>(fragment: Sql<Row>, size?: number) => queryOf(fragment, cursor).cursor(size);
  const run = ((strings: TemplateStringsArray, ...things: unknown[]): Query<{}> => {
    const fragment = fragmentOf(strings, things, run as never);
    return new Query(connection, fragment, Sql.shapeOf(fragment).origin) as Query<{}>;
  }) as RunningTag;
  return Object.assign(run, {
    query,
    one,
    cursor,
    nextval: <Sequence extends SequenceLike>(sequence: Sequence | SequenceNeeded, options?: DrawOptions) =>
      connection.draws.next(sequence as Sequence, options),
    nextvals: <Sequence extends SequenceLike>(
      sequence: Sequence | SequenceNeeded,
      count: number,
      options?: DrawOptions,
    ) => forAwaiting(connection.draws.many(sequence as Sequence, count, options)),
    setval: <Sequence extends SequenceLike>(
      sequence: Sequence | SequenceNeeded,
      value: Integer | Sql,
      isCalled?: boolean,
    ) => forAwaiting(set(connection, sequence as Sequence, value, isCalled)),
  });
}

async function set<Sequence extends SequenceLike>(
  connection: Connection,
  sequence: Sequence,
  value: Integer | Sql,
  isCalled?: boolean,
): Promise<ValueOf<Sequence>> {
  const [text] = await connection.values(tag`select ${setval(sequence, value, isCalled)}`);
  if (typeof text === "string") return decoderOf(sequence)(text);
  return throwSequenceError(sequenceOf(sequence), "setval got NULL, and left the sequence as it is");
}

/** @internal */
export function createSessionHandle(connection: Connection): Omit<SessionQueryable, "with"> & RunningTag {
  return Object.assign(createHandle(connection), {
    currval: <Sequence extends SequenceLike>(sequence: Sequence | SequenceNeeded) =>
      forAwaiting(current(connection, sequence as Sequence)),
    lastval: () => forAwaiting(connection.value(tag`select ${lastval()}`, BigInt)),
  });
}

async function current<Sequence extends SequenceLike>(connection: Connection, sequence: Sequence) {
  return connection.value(tag`select ${currval(sequence)}`, decoderOf(sequence));
}

/**
 * Checks that the statement is a fragment: parsed JSON can also have a `text` and `values`. A fragment of another copy
 * of this library is taken over.
 */
function genuine<Row>(thing: Sql<Row>): Sql<Row> {
  const fragment = admit(thing, () => "the statement", 0);
  if (Sql.tryShapeOf(fragment) !== null) return fragment as Sql<Row>;
  throw new NextvalError("INVALID_ARGUMENT", "the statement is not a fragment", { hint: "Make one with the sql tag." });
}
