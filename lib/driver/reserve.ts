import type postgres from "postgres";
import type { Client } from "./connection.js";

/** A connection taken out of the pool, which may be closed behind our back. */
export interface Reserved extends Client {
  release(): void;
}

/** What postgres.js hands to `onexecute`, as its own `begin` uses it. */
interface DriverConnection {
  onclose: ((error: unknown) => void) | null;
}

/**
 * Takes a connection out of the pool.
 *
 * To a reserved connection that the server has closed, postgres.js goes on writing, which ends the process, and releasing it
 * would put it back among the open ones. So its closing is listened to, as `begin` of postgres.js does, and from then on it
 * is neither used nor released: the pool has taken it back by itself.
 */
export async function reserve(client: Pick<postgres.Sql, "reserve">): Promise<Reserved> {
  const native = await client.reserve();
  let connection: DriverConnection | undefined;
  let closed: unknown;
  const options = {
    prepare: false,
    onexecute(executing: DriverConnection): true {
      connection = executing;
      connection.onclose = (error) => {
        closed = error;
      };
      return true;
    },
  };
  await native.unsafe("", [], options);
  return {
    unsafe: native.unsafe,
    get closed() {
      return closed;
    },
    release() {
      if (closed !== undefined) return;
      if (connection !== undefined) connection.onclose = null;
      native.release();
    },
  };
}
