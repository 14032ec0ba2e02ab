import { NextvalError } from "../../index.js";
import type { Parse } from "../../internal.js";
import { checkedDate } from "../queued/checked-date.js";
import type { QueuedConnection, QueuedDriver } from "../queued/driver.js";
import { openTransaction } from "../queued/open-transaction.js";
import { Turns } from "../queued/turns.js";
import { unusable } from "../queued/unusable.js";
import type { PgClient, PgPool, PgPoolClient } from "./client.js";
import { PgConnection, type PgOther } from "./connection.js";

/** How long a request to stop a statement may take to connect, and to be answered. */
const STOP_TIMEOUT_MS = 5_000;
const STOP_LIMITS = { connectionTimeoutMillis: STOP_TIMEOUT_MS, query_timeout: STOP_TIMEOUT_MS };

const DEFAULT_MAX = 10;

interface PoolInternals extends PgPool {
  readonly options?: {
    readonly max?: number;
    readonly user?: string;
    /** Settings, such as `-c role=app`. */
    readonly options?: string;
    readonly password?: unknown;
    readonly onConnect?: unknown;
    readonly verify?: unknown;
  };
  listenerCount?(event: string): number;
  readonly Client?: new (options: unknown) => PgOther;
}

/** Takes connections of a pool. */
export class PgPoolDriver implements QueuedDriver {
  readonly #pool: PoolInternals;
  #known: PgClient | undefined;

  constructor(pool: PgPool) {
    this.#pool = pool;
  }

  get max(): number {
    return this.#pool.options?.max ?? DEFAULT_MAX;
  }

  get user(): string {
    const { options } = this.#pool;
    const mayBeOther = this.#hasSetup || /\brole\b/.test(String(options?.options ?? ""));
    return mayBeOther ? "" : (userOf(this.#known) ?? options?.user ?? "");
  }

  /** Whether the program sets connections up when they are opened. */
  get #hasSetup(): boolean {
    const { options } = this.#pool;
    return [options?.onConnect, options?.verify].some(Boolean) || (this.#pool.listenerCount?.("connect") ?? 0) > 0;
  }

  readerOf(type: number): Parse | undefined {
    return readerOf(this.#known, type);
  }

  /**
   * By callback, because the pool stops listening for errors before it. A client that is lost before a promise is
   * continued would end the process.
   */
  connect(_reserved: boolean, done: (connection: QueuedConnection) => void, failed: (error: unknown) => void): void {
    this.#pool.connect((error, client) => {
      if (client === undefined) failed(error);
      else makeUsable(this.#take(client), client, done, failed);
    });
  }

  #take(client: PgPoolClient): PgConnection {
    this.#known = client;
    const { options, Client = client.constructor as new (options: unknown) => PgOther } = this.#pool;
    return new PgConnection(
      client,
      (error) => client.release(error),
      // The pool hides its password from a spread.
      () => new Client({ ...options, password: options?.password, ...STOP_LIMITS }),
      false,
      this.#hasSetup,
    );
  }
}

function makeUsable(
  connection: PgConnection,
  client: PgPoolClient,
  done: (connection: QueuedConnection) => void,
  failed: (error: unknown) => void,
): void {
  const refuse = (error: unknown) => {
    connection.release(error);
    failed(error);
  };
  const other = otherFormat(client);
  if (other !== undefined) refuse(other);
  else if (connection.isIdle === false) void endOpen(connection, client).then(() => done(connection), refuse);
  else done(connection);
}

/** Ends a transaction that other code has left open. Statements of ours would be undone or committed with it. */
async function endOpen(connection: PgConnection, client: PgPoolClient): Promise<void> {
  await learnState(client);
  if (connection.isIdle === false) await client.query("rollback");
}

/**
 * Has the client learn whether a transaction is open. The driver (8.23) reports an error before the server has said
 * what is open after it.
 */
function learnState(client: PgClient): Promise<unknown> {
  return client.query("");
}

/** What a client tells about itself in the versions 8.x; undefined in others. */
interface ClientInternals {
  readonly _connected?: boolean;
  readonly _connecting?: boolean;
}

/** Takes the one connection of a client, in turns. */
export class PgClientDriver implements QueuedDriver {
  readonly max = 1;
  /** The program may have set another role. */
  readonly user = "";
  readonly #client: PgClient;
  readonly #turns: Turns;
  /** Why the connection is not used anymore: it is lost, or what ran on it could not be undone. */
  #broken: Error | undefined;

  constructor(client: PgClient) {
    this.#client = client;
    this.#turns = new Turns(client);
    // The errors of a lost connection also reach the statements. Without a listener, they would end the process.
    client.on("error", () => {});
  }

  readerOf(type: number): Parse | undefined {
    return readerOf(this.#client, type);
  }

  connect(reserved: boolean, done: (connection: QueuedConnection) => void, failed: (error: unknown) => void): void {
    void this.#connect(reserved).then(done, failed);
  }

  async #connect(reserved: boolean): Promise<QueuedConnection> {
    const { _connected: isConnected, _connecting: isConnecting } = this.#client as PgClient & ClientInternals;
    // The driver would keep its statements forever.
    if (isConnected === false && isConnecting === false) {
      throw new NextvalError("INVALID_ARGUMENT", "the client of pg is not connected", {
        hint: "Await client.connect() first.",
      });
    }
    const end = await this.#turns.take();
    const release = (error?: Error) => {
      this.#broken ??= error;
      if (error !== undefined) close(this.#client);
      end();
    };
    if (this.#broken !== undefined) {
      end();
      throw unusable("the client of pg", this.#broken);
    }
    const client = this.#client as PgClient & { readonly [name: string]: unknown };
    const connection = new PgConnection(
      client,
      release,
      () => {
        const { host, port, user, database, password, ssl } = client;
        const Client = client.constructor as new (options: unknown) => PgOther;
        return new Client({ host, port, user, database, password, ssl, ...STOP_LIMITS });
      },
      true,
      false,
    );
    try {
      const other = otherFormat(client);
      if (other !== undefined) throw other;
      if (reserved && connection.isIdle === false) await learnState(client);
      if (reserved && connection.isIdle === false) throw openTransaction();
    } catch (error) {
      connection.release();
      throw error;
    }
    return connection;
  }
}

/** Closes a client, so the program does not use what was left open or set on it either. */
function close(client: PgClient): void {
  void (client as Partial<PgOther>).end?.().catch(() => {});
}

/** The error for a client whose values do not arrive as texts. Read as texts, many would be wrong. */
function otherFormat(
  client: PgClient & { readonly binary?: unknown; readonly native?: unknown },
): NextvalError | undefined {
  // pg-native reads values itself.
  if (client.native !== undefined) {
    const hint = "Import Pool or Client from pg itself.";
    return new NextvalError("INVALID_ARGUMENT", "bind takes a client of pg, not of pg.native", { hint });
  }
  if (client.binary) {
    const hint = "Leave binary out of the client's options.";
    return new NextvalError("INVALID_ARGUMENT", "bind takes a client of pg without the option binary", { hint });
  }
  return undefined;
}

function userOf(client: PgClient | undefined): string | undefined {
  return (client as { readonly user?: string } | undefined)?.user;
}

/**
 * Returns the parser that the client has for a type. It has one for unknown types, which changes nothing. Those of
 * dates (pg-types 2.2) return null for another style.
 */
function readerOf(client: PgClient | undefined, type: number): Parse | undefined {
  if (client === undefined) return undefined;
  const parser = client.getTypeParser(type, "text");
  return parser === client.getTypeParser(0, "text") ? undefined : checkedDate(type, parser as Parse, isNull);
}

function isNull(value: unknown): boolean {
  return value === null;
}
