import type { Integer, SequenceLike } from "../../types/sequence-options.js";
import { NextvalError, refuseArgument } from "../errors.js";
import { currval, decoderOf, lastval, setval } from "../sequence/functions.js";
import { fail } from "../sequence/sequence-name.js";
import { Sql } from "../sql/fragment.js";
import { tag } from "../sql/tag.js";
import { admit, type Splice } from "../sql/value.js";
import type { Executor } from "./executor.js";
import type { Handle, RunningTag, SessionHandle } from "./handle.js";
import type { DrawOptions } from "./nextval-batch.js";
import { Query } from "./query.js";

/** Makes a handle without `with`, which each kind of handle adds because it returns its own kind. */
export function createHandle(executor: Executor): Omit<Handle, "with"> & RunningTag {
  const query = <Row>(fragment: Sql<Row>): Query<Row> => new Query(executor, genuine(fragment));
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
    cursor: <Row>(fragment: Sql<Row>, size = 100) => readCursor(executor, genuine(fragment), size),
    nextval: <Sequence extends SequenceLike>(sequence: Sequence, options?: DrawOptions) =>
      executor.draws.next(sequence, options),
    nextvals: <Sequence extends SequenceLike>(sequence: Sequence, count: number, options?: DrawOptions) =>
      executor.draws.many(sequence, count, options),
    async setval<Sequence extends SequenceLike>(sequence: Sequence, value: Integer | Sql, isCalled?: boolean) {
      const [text] = await executor.values(tag`select ${setval(sequence, value, isCalled)}`);
      if (typeof text === "string") return decoderOf(sequence)(text);
      return fail(sequence, "setval got NULL, and left the sequence as it is");
    },
  });
}

export function createSessionHandle(executor: Executor): Omit<SessionHandle, "with"> & RunningTag {
  return Object.assign(createHandle(executor), {
    currval: async <Sequence extends SequenceLike>(sequence: Sequence) =>
      executor.value(tag`select ${currval(sequence)}`, decoderOf(sequence)),
    lastval: async () => executor.value(tag`select ${lastval()}`, BigInt),
  });
}

/** What the protocol counts in 32 bits. */
const MAX_BATCH = 2_147_483_647;

function readCursor<Row>(executor: Executor, fragment: Sql<Row>, size: number): AsyncGenerator<Row[]> {
  if (!Number.isInteger(size) || size < 1 || size > MAX_BATCH) {
    throw new NextvalError("INVALID_ARGUMENT", `cursor() reads batches of 1 to ${MAX_BATCH} rows, not ${size}`);
  }
  return executor.readBatches(fragment, size);
}

/**
 * Checks that the statement is a fragment: parsed JSON can also have a `text` and `values`. A fragment of another copy
 * of this library is taken over.
 */
function genuine<Row>(thing: Sql<Row>): Sql<Row> {
  const fragment = admit(thing, () => "the statement", 0);
  if (Sql.shapeIn(fragment) !== null) return fragment as Sql<Row>;
  return refuseArgument("the statement", "is not a fragment; make one with the sql tag");
}
