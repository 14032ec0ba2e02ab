import type { Integer, SequenceLike } from "../../types/sequence-options.js";
import { NextvalError, refuse } from "../errors.js";
import { currval, decoderOf, lastval, setval } from "../sequence/functions.js";
import { fail } from "../sequence/sequence-name.js";
import { Sql } from "../sql/fragment.js";
import { tag } from "../sql/tag.js";
import { admit, type Splice } from "../sql/value.js";
import type { Connection } from "../drivers/postgres-js/connection.js";
import type { DrawOptions } from "./nextval-batch.js";
import type { Result } from "../drivers/postgres-js/internals.js";
import type { Handle, RunningTag, SessionHandle } from "./handle.js";
import { Query } from "./query.js";

/** What a handle has besides `with`, which gives a handle of its own kind. */
export function createHandle(connection: Connection): Omit<Handle, "with"> & RunningTag {
  const query = <Row>(fragment: Sql<Row>): Query<Row> => new Query(connection, genuine(fragment));
  const run = ((strings: TemplateStringsArray, ...things: readonly Splice[]): Query<{}> =>
    query(tag(strings, ...things))) as RunningTag;

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
    cursor: <Row>(fragment: Sql<Row>, size = 100) => readCursor(connection, genuine(fragment), size),
    nextval: <Sequence extends SequenceLike>(sequence: Sequence, options?: DrawOptions) =>
      connection.draws.next(sequence, options),
    nextvals: <Sequence extends SequenceLike>(sequence: Sequence, count: number, options?: DrawOptions) =>
      connection.draws.many(sequence, count, options),
    async setval<Sequence extends SequenceLike>(sequence: Sequence, value: Integer | Sql, isCalled?: boolean) {
      const [text] = await connection.values(tag`select ${setval(sequence, value, isCalled)}`);
      if (typeof text === "string") return decoderOf(sequence)(text);
      return fail(sequence, "setval got NULL, and left the sequence as it is");
    },
  });
}

export function createSessionHandle(connection: Connection): Omit<SessionHandle, "with"> & RunningTag {
  return Object.assign(createHandle(connection), {
    currval: async <Sequence extends SequenceLike>(sequence: Sequence) =>
      connection.value(tag`select ${currval(sequence)}`, decoderOf(sequence)),
    lastval: async () => connection.value(tag`select ${lastval()}`, BigInt),
  });
}

function readCursor<Row>(connection: Connection, fragment: Sql<Row>, size: number): AsyncGenerator<Row[]> {
  if (!Number.isInteger(size) || size < 1) {
    throw new NextvalError("INVALID_OPTIONS", `cursor() reads batches of 1 row or more, not ${size}`);
  }
  const batches: AsyncGenerator<Row[]> = readBatches(connection, fragment, size, () =>
    connection.openCursor(() => batches.return(undefined)),
  );
  return batches;
}

async function* readBatches<Row>(
  connection: Connection,
  fragment: Sql<Row>,
  size: number,
  open: () => () => void,
): AsyncGenerator<Row[]> {
  const refusal = connection.refusal(fragment);
  if (refusal !== undefined) throw refusal;
  const close = open();
  const [own, release] = await connection.lease();
  try {
    const statement = own.prepare(fragment);
    // Nothing else can be asked once the cursor is open.
    await own.describe(statement);
    statement.executed = false;
    statement.start = () => own.send(statement);
    // The driver says what the columns are with the first batch only.
    let described: Result["statement"] | undefined;
    for await (const batch of statement.cursor(size)) {
      described ??= batch.statement;
      yield own.finishBatch(batch, described) as unknown as Row[];
    }
    // If nothing waits for a batch when the connection is lost, to the driver (3.4.9) there are no more rows.
    if (statement.lost) throw statement.loss;
  } catch (error) {
    await connection.fail(error, fragment);
  } finally {
    close();
    release();
  }
}

/** What came as JSON may have a text and values, too; a fragment of another copy of the library is taken over. */
function genuine<Row>(thing: Sql<Row>): Sql<Row> {
  const fragment = admit(thing, () => "the statement", 0);
  if (Sql.shapeIn(fragment) !== null) return fragment as Sql<Row>;
  return refuse("the statement", "is no fragment; make one with the sql tag");
}
