import { kindOf } from "../../handle/rules/first-words.js";
import type { DriverConnection, DriverQuery } from "./internals.js";

/** The driver's function that sends the queries of a transaction. Each transaction and savepoint has its own. */
type Handler = DriverQuery["handler"];

interface Loss {
  readonly error: unknown;
}

/** The transactions that have lost their connection. */
const losses = new WeakMap<Handler, Loss>();

const watches = new WeakMap<DriverConnection, TransactionWatch>();

/** Returns the watch of a connection. All transactions that run on the connection share it. */
export function watchOf(connection: DriverConnection): TransactionWatch {
  let watch = watches.get(connection);
  if (watch === undefined) watches.set(connection, (watch = new TransactionWatch(connection)));
  return watch;
}

/**
 * Notices the query that ends a transaction of `client.begin`, and refuses queries of a transaction whose connection is
 * lost.
 *
 * The driver (postgres.js 3.4.9) sends ROLLBACK even then. Written to the closed socket, it ends the process. If it is
 * not written, the driver takes the closed connection out of its pool, and never opens it again. If another transaction
 * has opened the connection again, ROLLBACK ends that one.
 */
class TransactionWatch {
  /** Called with the query that ends the transaction. */
  readonly #onEnd = new Map<Handler, (query: DriverQuery, control: string) => void>();
  /** Set while the connection is closed. Only a transaction that has lost it can send something then. */
  #loss: Loss | undefined;

  constructor(connection: DriverConnection) {
    const { execute, connect } = connection;
    connection.execute = (query) => {
      const loss = this.#loss ?? losses.get(query.handler);
      if (loss === undefined) {
        this.#see(query);
        return execute(query);
      }
      query.reject(loss.error);
      // Otherwise the driver moves the connection out of the list that it opens connections from.
      return true;
    };
    connection.connect = (query) => {
      this.#loss = undefined;
      connect(query);
    };
  }

  add(handler: Handler, onEnd: (query: DriverQuery, control: string) => void): void {
    this.#onEnd.set(handler, onEnd);
  }

  /** Refuses all further queries of the transaction, and every query until the connection is opened again. */
  lose(error: unknown): void {
    this.#loss = { error };
    for (const handler of this.#onEnd.keys()) losses.set(handler, this.#loss);
    this.#onEnd.clear();
  }

  #see(query: DriverQuery): void {
    if (this.#onEnd.size === 0) return;
    const { control } = kindOf(query.strings[0] ?? "");
    if (control === undefined) return;
    for (const onEnd of this.#onEnd.values()) onEnd(query, control);
    this.#onEnd.clear();
  }
}
