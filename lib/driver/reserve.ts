import type postgres from "postgres";
import type { Client } from "./connection.js";

/** A connection taken out of the pool, which may be closed behind our back. */
export interface Reserved extends Client {
  /** Rejects when the connection is closed, and never resolves. */
  readonly lost: Promise<never>;
  release(): void;
}

/** What postgres.js hands to `onexecute`, as its own `begin` uses it. */
interface DriverConnection {
  onclose: ((error: unknown) => void) | null;
}

/**
 * Takes a connection out of the pool, and runs a first statement on it.
 *
 * To a reserved connection that the server has closed, postgres.js goes on writing, which ends the process, and releasing it
 * would put it back among the open ones; its own `begin` sends a rollback there. So the closing is listened to, as that
 * `begin` does, and from then on the connection is neither used nor released: the pool has taken it back by itself.
 */
export async function reserve(
  client: Pick<postgres.Sql, "reserve" | "unsafe">,
  firstStatement: string,
): Promise<Reserved> {
  const native = await takeConnection(client);
  let connection: DriverConnection | undefined;
  let closed: unknown;
  let reject: (reason: unknown) => void;
  const lost = new Promise<never>((_resolve, rejectLost) => {
    reject = rejectLost;
  });
  // Nobody may be waiting.
  lost.catch(() => {});
  const options = {
    prepare: false,
    onexecute(executing: DriverConnection): true {
      connection = executing;
      connection.onclose = (error) => {
        closed = error;
        reject(error);
      };
      return true;
    },
  };
  const release = () => {
    if (closed !== undefined) return;
    if (connection !== undefined) connection.onclose = null;
    native.release();
  };
  try {
    await native.unsafe(firstStatement, [], options);
  } catch (error) {
    release();
    throw error;
  }
  return {
    unsafe: native.unsafe,
    typed: native.typed,
    lost,
    get closed() {
      return closed;
    },
    release,
  };
}

/** How long a connection may take before it is asked for again, in milliseconds; each time twice as long. */
const PATIENCE = 1000;

/**
 * While its connections are being opened anew, postgres.js may forget that somebody waits for one (3.4.9: `onclose` hands the
 * request to a connection that then drops it). So it is asked again, and a plain statement beside it tells whether the server
 * is there at all. What comes too late is given back.
 */
function takeConnection(client: Pick<postgres.Sql, "reserve" | "unsafe">): Promise<postgres.ReservedSql> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isDone = false;
    const finish = (settle: () => void) => {
      isDone = true;
      clearTimeout(timer);
      settle();
    };
    const refuse = (error: unknown) => {
      if (!isDone) finish(() => reject(error));
    };
    const ask = (patience: number) => {
      client.reserve().then((native) => {
        if (isDone) native.release();
        else finish(() => resolve(native));
      }, refuse);
      timer = setTimeout(() => {
        client.unsafe("select 1").catch(refuse);
        ask(2 * patience);
      }, patience);
    };
    ask(PATIENCE);
  });
}
