import { type Answer, isServerError, type Learn, type Request, type Sent, tag, textFragment } from "../../internal.js";

/** The connection that a cursor is declared on. */
interface CursorLine {
  send(request: Request, isLast?: boolean): Sent;
  command(text: string, isLast?: boolean): Sent;
}

const NO_ACTIVE_TRANSACTION = "25P01";

/** Two handles of one transaction of another library may have cursors open at the same time. */
let cursors = 0;

/**
 * Reads the rows of a query by DECLARE and FETCH. DECLARE needs a transaction: on a `fresh` connection, and in a
 * session without one, the cursor has its own.
 */
export async function* fetchCursor(
  line: CursorLine,
  request: Request,
  size: number,
  learn: Learn,
  fresh: boolean,
): AsyncGenerator<Answer> {
  const name = `nextval_cursor_${++cursors}`;
  const before = `declare ${name} no scroll cursor for `;
  const fragment = tag`${textFragment(before)}${request.fragment}`;
  const declare = () => line.send({ ...request, fragment }).then(undefined, (error) => shiftPosition(error, before));
  const own = await opened(line, declare, fresh);
  const fetch: Request = {
    ...request,
    fragment: textFragment(`fetch forward ${size} from ${name}`),
    parameters: [],
  };
  let isUsable = false;
  try {
    for (;;) {
      const answer = await line.send(fetch);
      isUsable = true;
      // A value that cannot be read leaves no rows either.
      if (answer.rows.length === 0 && answer.failure === undefined) break;
      if (answer.columns !== undefined && answer.columns.unread.length > 0) await learn(answer.columns.unread);
      yield answer;
      isUsable = false;
    }
  } finally {
    if (isUsable) await succeed(line.command(own ? "commit" : `close ${name}`));
    // A transaction of others that has failed ends with their rollback.
    else if (own) await line.command("rollback");
  }
}

/** Fails with what the driver itself failed with, such as the files that a commit could not write. */
async function succeed(command: Sent): Promise<void> {
  const { failure } = await command;
  if (failure !== undefined) throw failure.error;
}

/** Declares the cursor. Returns whether it has a transaction of its own. */
async function opened(line: CursorLine, declare: () => PromiseLike<unknown>, fresh: boolean): Promise<boolean> {
  if (!fresh) {
    try {
      await declare();
      return false;
    } catch (error) {
      if (!isServerError(error) || error.code !== NO_ACTIVE_TRANSACTION) throw error;
    }
  }
  await line.command("begin");
  try {
    await declare();
  } catch (error) {
    await line.command("rollback");
    throw error;
  }
  return true;
}

/** Makes the position of an error that of the query, without the words before it. */
function shiftPosition(error: unknown, before: string): never {
  if (isServerError(error) && error.position !== undefined)
    Reflect.set(error, "position", String(Number(error.position) - before.length));
  throw error;
}
