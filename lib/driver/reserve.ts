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
export async function reserve(client: Pick<postgres.Sql, "reserve">, firstStatement: string): Promise<Reserved> {
  const native = await client.reserve();
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
