import { shown } from "../../internal.js";
import type { Result, QueuedConnection, QueuedStatement } from "../queued/driver.js";
import type { PgClient, PgQuery, PgResult } from "./client.js";
import { declaredText, declaredTypes, shiftPosition } from "./declared-text.js";
import { inEnglish } from "./server-severity.js";

/** The properties of a client that its types do not have, or only in some versions. */
interface PgInternals {
  query(
    query: PgQuery,
    values: readonly (string | null)[] | undefined,
    done: (error: unknown, results: PgResult | PgResult[]) => void,
  ): unknown;
  /** Since pg 8.21. `I` is idle. */
  getTransactionStatus?(): string | null;
  readonly processID?: number | null;
}

/**
 * Stops a process, but only if it works on the given statement. The connection of the request may lead to another
 * server, where the number belongs to another process. The server shows the beginning of a long statement.
 */
const STOP =
  "select pg_catalog.pg_cancel_backend(pid) from pg_catalog.pg_stat_activity " +
  "where pid operator(pg_catalog.=) $1::pg_catalog.int4 " +
  "and query operator(pg_catalog.=) pg_catalog.left($2, pg_catalog.length(query))";

/** Leaves every value as the text that the server sent. */
const TEXTS: PgQuery["types"] = { getTypeParser: () => (text) => text };

/** A client of node-postgres that was taken for our statements. */
export class PgConnection implements QueuedConnection {
  readonly #client: PgClient & PgInternals;
  readonly #release: (error?: Error) => void;
  readonly #openAnother: () => PgOther;
  /** The text of the last statement. */
  #text = "";
  #onLoss: (error: unknown) => void = (error) => {
    this.#earlyLoss ??= { error };
  };
  /** The loss of the connection, if it came before somebody listened. */
  #earlyLoss: { readonly error: unknown } | undefined;
  /** Without a listener, the error of a lost connection would end the process. */
  readonly #onError = (error: unknown) => this.#onLoss(inEnglish(error));

  constructor(
    client: PgClient,
    release: (error?: Error) => void,
    openAnother: () => PgOther,
    readonly isOfProgram: boolean,
    readonly hasSetup: boolean,
  ) {
    this.#client = client as PgClient & PgInternals;
    this.#release = release;
    this.#openAnother = openAnother;
    client.on("error", this.#onError);
  }

  get isIdle(): boolean | undefined {
    const status = this.#client.getTransactionStatus?.();
    return typeof status === "string" ? status === "I" : undefined;
  }

  onLoss(listener: (error: unknown) => void): void {
    this.#onLoss = listener;
    if (this.#earlyLoss !== undefined) listener(this.#earlyLoss.error);
  }

  run(statement: QueuedStatement, done: (result: Result) => void, failed: (error: unknown) => void): void {
    const query = queryOf(statement);
    const values = query.queryMode === undefined ? undefined : statement.parameters.map(({ text }) => text);
    this.#text = query.text;
    // The driver calls back before it knows whether the server is still in a transaction.
    const fail = (error: unknown) => void Promise.resolve().then(() => failed(errorOf(error, statement)));
    try {
      this.#client.query(query, values, (error, results) => {
        if (error) fail(error);
        else done(resultOf(results));
      });
    } catch (error) {
      fail(error);
    }
  }

  release(broken?: unknown): void {
    if (broken === undefined) this.#release();
    else this.#release(broken instanceof Error ? broken : new Error(shown(broken)));
    // The pool listens again from here on.
    this.#client.removeListener("error", this.#onError);
  }

  /**
   * Asks the server on a connection of its own, because all others may be busy. The driver's own request to cancel does
   * not encrypt its connection.
   */
  async cancel(begin: () => boolean): Promise<void> {
    const { processID } = this.#client;
    if (typeof processID !== "number") return;
    const other = this.#openAnother();
    other.on("error", () => {});
    try {
      await other.connect();
      // Another role, which the login role may have by default, neither sees the statement nor may stop it.
      await other.query("set role none");
      if (begin()) await other.query(STOP, [processID, this.#text]);
    } finally {
      void other.end().catch(() => {});
    }
  }
}

/**
 * What all queries inherit. The driver (8.23) copies the properties of a query one by one, which takes 2 µs for each,
 * and not what it inherits. `name` is there because OpenTelemetry copies queries that have none, to add a comment.
 */
const SIMPLE = { name: undefined, rowMode: "array", types: TEXTS };
const EXTENDED = { ...SIMPLE, queryMode: "extended" };

function queryOf({ fragment, parameters, kind }: QueuedStatement): PgQuery {
  if (kind === "command" || (parameters.length === 0 && (kind === "texts" || isOneSelect(fragment.text))))
    return queryWith(SIMPLE, fragment.text);
  const query = queryWith(EXTENDED, declaredText(fragment, parameters));
  const types = declaredTypes(parameters);
  // The driver (8.23) reads values with `types`, and declares the types that it lists.
  if (types !== undefined) query.types = Object.assign(types, TEXTS);
  return query;
}

function queryWith(inherited: object, text: string): PgQuery {
  const query = Object.create(inherited) as PgQuery;
  query.text = text;
  return query;
}

/**
 * Whether a text is certainly one SELECT. Without values it then means the same in the simple protocol, which needs a
 * fifth of the messages. Of other statements, rules could return rows there.
 */
function isOneSelect(text: string): boolean {
  return /^\s*select\b/i.test(text) && !text.includes(";");
}

function resultOf(results: PgResult | PgResult[]): Result {
  const { fields, rows, command, rowCount } = Array.isArray(results) ? (results.at(-1) as PgResult) : results;
  const columns = fields.map(({ name, dataTypeID: type, tableID: table }) => {
    return { name, type, table, parser: undefined };
  });
  return { columns, rows, command: command ?? "", count: rowCount };
}

function errorOf(error: unknown, { fragment, parameters, kind }: QueuedStatement): unknown {
  if (kind !== "command") shiftPosition(error, fragment, parameters);
  return inEnglish(error);
}

/** A client that is not connected yet. */
export interface PgOther extends PgClient {
  connect(): Promise<unknown>;
  query(text: string, values?: readonly unknown[]): Promise<unknown>;
  end(): Promise<void>;
}
