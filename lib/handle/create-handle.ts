import type { Integer, SequenceLike, SequenceNeeded } from "../../types/sequence-options.js";
import { refuseArgument } from "../errors.js";
import { currval, decoderOf, lastval, setval } from "../sequence/functions.js";
import { throwSequenceError } from "../sequence/sequence-name.js";
import { sequenceOf, type ValueOf } from "../sequence/sequence.js";
import { Sql } from "../sql/fragment.js";
import { forAwaiting, originOf } from "../sql/origin.js";
import { fragmentOf, tag } from "../sql/tag.js";
import { admit } from "../sql/value.js";
import type { Connection } from "./connection.js";
import type { DrawOptions } from "./draws.js";
import type { Queryable, RunningTag, SessionQueryable } from "./handle.js";
import { Query } from "./query.js";

/** Makes a handle without `with`, which each kind of handle adds because it returns its own kind. */
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
  if (Sql.shapeIn(fragment) !== null) return fragment as Sql<Row>;
  return refuseArgument("the statement", "is not a fragment; make one with the sql tag");
}
