import type { Answer, Learn, Request } from "../../handle/port.js";
import { batchAnswer } from "./answer.js";
import { Described } from "./described.js";
import type { MakeStatement, Statement } from "./statement.js";
import { makeOf, PLAIN } from "./statement.js";

/** The reserved connection that a cursor runs on. */
interface CursorLine {
  /** Resolves when the statement that took the connection is answered. */
  readonly answered: Promise<void>;
  run(statement: Statement): void;
}

/** Reads the rows of a statement through a cursor of the driver. */
export async function* readCursor(
  line: CursorLine,
  make: MakeStatement,
  request: Request,
  size: number,
  learn: Learn,
): AsyncGenerator<Answer> {
  // A cursor ends with Flush, not Sync. PgBouncer misses the cursor if it is sent before the statement ahead is
  // answered: it gives the server's connection to another client, and the cursor waits forever.
  await line.answered;
  const statement = makeOf(make, request);
  await describe(line, make, statement, learn);
  statement.executed = false;
  statement.start = () => line.run(statement);
  // The driver reports the columns with the first batch only.
  let described: unknown;
  const batches = statement.cursor(size)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value: batch } = await batches.next();
      if (done === true) break;
      described ??= batch.statement;
      yield batchAnswer(batch, described);
    }
  } finally {
    // The driver (3.4.9) would write to a closed connection, where nothing can catch the error, or to the next
    // connection.
    if (!statement.lost) await batches.return?.();
  }
  // If no call waits for a batch when the connection is lost, the driver (3.4.9) reports the end of the rows.
  if (statement.lost) throw statement.loss;
}

/** Learns the types of a statement's columns before it runs: nothing else can run once the cursor is open. */
async function describe(line: CursorLine, make: MakeStatement, asked: Statement, learn: Learn): Promise<void> {
  const { strings, args, wait } = asked;
  const statement = make(strings[0] ?? "", args as never, { ...PLAIN, unprepared: true, describes: true, wait });
  line.run(statement);
  const { failure } = await statement;
  if (failure !== undefined) throw failure.error;
  const described = statement.statement;
  // The driver reads the columns only when they are accessed.
  if (described instanceof Described && described.columns !== null) await learn(described.result?.unread ?? []);
}
