import { NextvalError } from "../../errors.js";
import type { Sql } from "../../sql/fragment.js";
import { addOrigin, type Origin } from "../../sql/origin.js";
import { CANCEL } from "./call-limits.js";
import type { Connection, Running } from "./connection.js";
import { readCursor } from "./cursor.js";
import type { Rows } from "./rows.js";

/**
 * A statement that runs when it is first awaited, and only once.
 *
 * ```ts
 * const query = db`select ${nextval(orderSeq).as("id")}`; // nothing has been sent
 * const [row] = await query;
 * ```
 */
export class Query<Row> implements Promise<Rows<Row>> {
  readonly #connection: Connection;
  readonly #fragment: Sql<Row>;
  /** The position of the statement in the program. */
  readonly #origin: Origin | undefined;
  #running: Running<Row> | undefined;
  #rows: Promise<Rows<Row>> | undefined;
  /** Whether a cursor reads the statement. */
  #isRead = false;

  /** @internal */
  constructor(connection: Connection, fragment: Sql<Row>, origin: Origin | undefined) {
    this.#connection = connection;
    this.#fragment = fragment;
    this.#origin = origin;
  }

  /** Runs the statement, unless it has been started, and passes on its rows or its error. `await` calls it. */
  then<Done = Rows<Row>, Failed = never>(
    done?: ((rows: Rows<Row>) => Done | PromiseLike<Done>) | null,
    failed?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Done | Failed> {
    return this.#run().then(done, failed);
  }

  /** Runs the statement, unless it has been started, and calls `failed` with its error. */
  catch<Failed = never>(
    failed?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Rows<Row> | Failed> {
    return this.#run().catch(failed);
  }

  /** Runs the statement, unless it has been started, and calls `done` after it, whatever its outcome. */
  finally(done?: (() => void) | null): Promise<Rows<Row>> {
    return this.#run().finally(done);
  }

  /** Always `Query`. Functions that want a promise take a query, because its type has this as well. */
  get [Symbol.toStringTag](): string {
    return "Query";
  }

  /**
   * Returns the only row. Any other number of rows is an `UNEXPECTED_ROW_COUNT` error.
   *
   * ```ts
   * const { id } = await db`select ${nextval(orderSeq).as("id")}`.one();
   * ```
   */
  async one(): Promise<Row> {
    const rows: readonly Row[] = await this.#run();
    if (rows.length === 1) return rows[0] as Row;
    throw this.#unexpected("one()", "exactly 1 row", rows);
  }

  /** Returns the only row, or undefined if there is none. More than 1 row is an `UNEXPECTED_ROW_COUNT` error. */
  async maybeOne(): Promise<Row | undefined> {
    const rows: readonly Row[] = await this.#run();
    if (rows.length <= 1) return rows[0];
    throw this.#unexpected("maybeOne()", "at most 1 row", rows);
  }

  /**
   * Reads a large result in batches of `size` rows, instead of all rows together. Leaving the loop closes the cursor.
   *
   * ```ts
   * for await (const rows of db<Order>`select * from orders`.cursor(500)) await archive(rows);
   * ```
   *
   * On a pool the cursor has its own connection until the loop ends. On a session or transaction nothing else can run
   * until then.
   */
  cursor(size = 100): AsyncIterable<Row[]> {
    if (this.#rows !== undefined || this.#isRead) {
      throw refusal("the statement has run, and runs only once");
    }
    const batches = readCursor(this.#connection, this.#fragment, size, this.#origin);
    this.#isRead = true;
    return batches;
  }

  /**
   * Starts the statement without waiting for it. If the statement fails inside `begin`, `begin` fails with its error.
   */
  execute(): this {
    const rows = this.#run();
    if (this.#connection.scope.inTransaction) rows.catch(() => {});
    return this;
  }

  /**
   * Stops the statement. Awaiting it then fails with SQLSTATE 57014.
   *
   * - A statement that was not sent never runs.
   * - If the server is working on the statement, and nothing was sent after it on the same connection, the server is
   *   asked to stop. A statement that ends before the request arrives succeeds.
   * - If the statement was sent together with others, it fails immediately and may still run on the server. The error
   *   says so. The server cannot be asked, because it would stop the statement that it works on when the request
   *   arrives.
   */
  cancel(): void {
    if (this.#running === undefined) this.#rows ??= Promise.reject(CANCEL.error("unsent"));
    else this.#running.stop(CANCEL);
    this.#rows?.catch(() => {});
  }

  #run(): Promise<Rows<Row>> {
    return (this.#rows ??= this.#start());
  }

  #start(): Promise<Rows<Row>> {
    if (this.#isRead) {
      return Promise.reject(refusal("the statement is read by a cursor, and runs only once"));
    }
    this.#running = this.#connection.start(this.#fragment);
    return this.#running.rows.catch((error: unknown) => {
      throw addOrigin(error, this.#origin);
    });
  }

  #unexpected(method: string, expected: string, { length }: readonly unknown[]): NextvalError {
    const problem = `${method} needs a statement that returns ${expected}, and this one returned ${length}`;
    return new NextvalError("UNEXPECTED_ROW_COUNT", `${problem}: ${this.#fragment.text}`);
  }
}

function refusal(problem: string): NextvalError {
  return new NextvalError("INVALID_ARGUMENT", problem, { hint: "Make the statement again." });
}
