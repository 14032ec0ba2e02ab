import type { RowOf } from "../../types/rows.js";
import { NextvalError } from "../error.js";
import type { Integer } from "../../types/options.js";
import { currval, decoderOf, lastval, nextval, setval } from "../sequence/functions.js";
import { type AnySequence, sequenceName, type ValueOf } from "../sequence/sequence.js";
import type { Sql } from "../sql/fragment.js";
import { tag } from "../sql/tag.js";
import type { Splice } from "../sql/value.js";
import type { Connection } from "./connection.js";
import type { Rows } from "./decode.js";
import { Query } from "./query.js";

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
   */
  cursor<Row>(fragment: Sql<Row>, size?: number): AsyncIterable<Row[]>;

  /** Draws the next value: `select nextval('"order_seq"'::regclass)`. A value drawn is never given back. */
  nextval<Sequence extends AnySequence>(sequence: Sequence): Promise<ValueOf<Sequence>>;

  /** Draws `count` values in one round trip, in the order in which they were drawn. */
  nextvals<Sequence extends AnySequence>(sequence: Sequence, count: number): Promise<ValueOf<Sequence>[]>;

  /**
   * Sets the current value, and gives it back; it is not undone by a rollback.
   *
   * With `isCalled` true, as it is by default, the next value is `value` plus the increment; with false it is `value` itself.
   */
  setval<Sequence extends AnySequence>(
    sequence: Sequence,
    value: Integer | Sql,
    isCalled?: boolean,
  ): Promise<ValueOf<Sequence>>;
}

/** A handle whose statements all run in one session of the server, so that what the session remembers can be read. */
export interface SessionHandle extends Handle {
  /** The value that `nextval` gave last for this sequence in this session. */
  currval<Sequence extends AnySequence>(sequence: Sequence): Promise<ValueOf<Sequence>>;

  /** The value that `nextval` gave last in this session, of whichever sequence. */
  lastval(): Promise<bigint>;
}

export function createHandle(connection: Connection): SessionHandle {
  const query = <Row>(fragment: Sql<Row>): Query<Row> => new Query(connection, fragment);
  const run: RunningTag = <Row extends object>(strings: TemplateStringsArray, ...things: readonly Splice[]): Query<Row> =>
    query(tag<Row>(strings, ...things));

  const values = async <Value>(fragment: Sql, decode: (text: string) => Value): Promise<Value[]> =>
    (await connection.values(fragment)).map(decode);
  const value = async <Value>(fragment: Sql, decode: (text: string) => Value): Promise<Value> => {
    const [only] = await values(fragment, decode);
    return only as Value;
  };

  return Object.assign(run, {
    query,
    async one<Row>(fragment: Sql<Row>): Promise<Row> {
      const rows: readonly Row[] = await query(fragment);
      if (rows.length === 1) return rows[0] as Row;
      throw new NextvalError(
        "UNEXPECTED_ROW_COUNT",
        `one() needs a statement that returns exactly 1 row, and this one returned ${rows.length}: ${fragment.text}`,
      );
    },
    cursor: <Row>(fragment: Sql<Row>, size = 100) => readCursor(connection, fragment, size),
    nextval: <Sequence extends AnySequence>(sequence: Sequence) =>
      value(tag`select ${nextval(sequence)}`, decoderOf(sequence)),
    async nextvals<Sequence extends AnySequence>(sequence: Sequence, count: number) {
      if (!Number.isInteger(count) || count < 0 || count > MOST_AT_ONCE) {
        throw new NextvalError(
          "INVALID_OPTIONS",
          `${sequenceName(sequence)}: nextvals draws a whole number of values from 0 to ${MOST_AT_ONCE}, not ${count}`,
          { sequence: sequenceName(sequence) },
        );
      }
      if (count === 0) return [];
      return values(tag`select ${nextval(sequence)} from generate_series(1, ${count}::integer)`, decoderOf(sequence));
    },
    setval: <Sequence extends AnySequence>(sequence: Sequence, next: Integer | Sql, isCalled?: boolean) =>
      value(tag`select ${setval(sequence, next, isCalled)}`, decoderOf(sequence)),
    currval: <Sequence extends AnySequence>(sequence: Sequence) =>
      value(tag`select ${currval(sequence)}`, decoderOf(sequence)),
    lastval: () => value(tag`select ${lastval()}`, BigInt),
  });
}

/** What one `generate_series` of integers can count. */
const MOST_AT_ONCE = 2_147_483_647;

async function* readCursor<Row>(connection: Connection, fragment: Sql<Row>, size: number): AsyncGenerator<Row[]> {
  if (!Number.isInteger(size) || size < 1) {
    throw new NextvalError("INVALID_OPTIONS", `cursor() reads batches of 1 row or more, not ${size}`);
  }
  const refusal = connection.refusal(fragment);
  if (refusal !== undefined) throw refusal;
  try {
    for await (const rows of connection.prepare(fragment).cursor(size)) {
      yield connection.decode<Row>(rows as unknown as Rows<Row>, fragment);
    }
  } catch (error) {
    throw connection.translate(error, fragment);
  }
}
