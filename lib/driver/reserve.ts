import type postgres from "postgres";
import { refuse } from "../error.js";
import { type Client, ended, LAST } from "./connection.js";
import type { DriverConnection, DriverQuery } from "./driver-connection.js";
import { nextTurn } from "./next-turn.js";

/** A connection taken out of the pool, which may be closed behind our back. */
export interface Reserved extends Client {
  /** Rejects when the connection is closed, and never resolves. */
  readonly lost: Promise<never>;
  /**
   * Gives it back when all that was sent on it is answered, as a last statement does by itself. A transaction that is open then
   * is rolled back.
   */
  release(): void;
}

/**
 * Takes a connection out of the pool, as postgres.js' own `begin` does: by a statement, here an empty one.
 *
 * Its `reserve` is never answered where a connection has to be opened for it without `fetch_types`, or anew after a loss
 * (3.4.9). And to a reserved connection that the server has closed it goes on writing, which ends the process, and releasing it
 * puts it back among the open ones. So the closing is listened to, and from then on the connection is neither used nor released:
 * the pool has taken it back by itself.
 */
export async function reserve(client: Pick<postgres.Sql, "unsafe" | "typed" | "options">): Promise<Reserved> {
  const { max_pipeline: most } = client.options as { max_pipeline?: number };
  if (most === 0) refuse("begin", "needs a client with a max_pipeline of 1 or more");
  const waiting: DriverQuery[] = [];
  let connection!: DriverConnection;
  let isFull = false;
  let closed: unknown;
  let reject: (reason: unknown) => void;
  const lost = new Promise<never>((_resolve, rejectLost) => {
    reject = rejectLost;
  });
  // Nobody may be waiting.
  lost.catch(() => {});

  const send = (query: DriverQuery) => {
    if (closed !== undefined) query.reject(closed);
    // Others may have the connection as soon as the last statement is answered.
    else if (!goOn.release && !query.options.last) query.reject(ended());
    else if (isFull) waiting.push(query);
    else if (!query.cancelled) {
      if (query.options.last) goOn.release = false;
      isFull = !connection.execute(query);
    }
  };
  const unsafe = ((...given: Parameters<typeof client.unsafe>) => {
    const query = client.unsafe(...given) as unknown as DriverQuery;
    query.handler = send;
    return query;
  }) as typeof client.unsafe;
  const end = (text: string) => void unsafe(text, [], LAST).catch(() => {});
  const goOn = Object.assign(
    () => {
      isFull = false;
      if (!goOn.release) end("rollback");
      // What finds it full again waits on, in the same order.
      for (const query of waiting.splice(0)) send(query);
    },
    { release: true },
  );

  await take(client, (taken) => {
    connection = taken;
    connection.reserved = goOn;
    connection.onclose = (error) => {
      closed = error;
      connection.terminate();
      for (const query of waiting) query.reject(error);
      void nextTurn().then(() => reject(error));
    };
  });
  return {
    unsafe,
    typed: client.typed,
    lost,
    get closed() {
      return closed;
    },
    release() {
      if (goOn.release) end("");
    },
  };
}

/** Takes the first connection on which a statement can be sent. */
function take(client: Pick<postgres.Sql, "unsafe">, hold: (connection: DriverConnection) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let isHeld = false;
    const options = {
      prepare: false,
      // Its result keeps the pool from sending anything behind.
      onexecute(connection: DriverConnection): false {
        isHeld = true;
        hold(connection);
        resolve();
        return false;
      },
    };
    client.unsafe("", [], options).then(
      // It was the last that the connection could take, which is not asked then.
      () => isHeld || resolve(take(client, hold)),
      (error: unknown) => nextTurn().then(() => reject(error)),
    );
  });
}
