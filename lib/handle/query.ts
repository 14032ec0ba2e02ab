import type { Sql } from "../sql/fragment.js";
import { type Connection, refuseLost } from "../drivers/postgres-js/connection.js";
import type { Rows } from "../drivers/postgres-js/finish-rows.js";
import type { Result } from "../drivers/postgres-js/internals.js";
import { CANCEL } from "./call-limits.js";
import type { Statement } from "../drivers/postgres-js/statement.js";

/**
 * A statement that runs when it is first awaited, and only once.
 *
 * ```ts
 * const query = db`select ${nextval(orderSeq).as("id")}`; // nothing has been sent
 * const [row] = await query;
 * ```
 */
export class Query<Row> implements PromiseLike<Rows<Row>> {
  readonly #connection: Connection;
  readonly #fragment: Sql<Row>;
  #statement: Statement | undefined;
  #rows: Promise<Rows<Row>> | undefined;

  /** @internal */
  constructor(connection: Connection, fragment: Sql<Row>) {
    this.#connection = connection;
    this.#fragment = fragment;
  }

  then<Done = Rows<Row>, Failed = never>(
    done?: ((rows: Rows<Row>) => Done | PromiseLike<Done>) | null,
    failed?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Done | Failed> {
    return this.#run().then(done, failed);
  }

  catch<Failed = never>(
    failed?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Rows<Row> | Failed> {
    return this.#run().catch(failed);
  }

  finally(done?: (() => void) | null): Promise<Rows<Row>> {
    return this.#run().finally(done);
  }

  /** Starts the statement without waiting for it. If the statement fails inside `begin`, `begin` fails with its error. */
  execute(): this {
    const rows = this.#run();
    if (this.#connection.isReported) rows.catch(() => {});
    return this;
  }

  /**
   * Stops the statement; awaiting it then fails with SQLSTATE 57014.
   *
   * - A statement that was not sent never runs.
   * - If the server works on the statement, and nothing was sent after it on the same connection, the server is asked to stop. A statement
   *   that ends before the request arrives succeeds.
   * - If the statement was sent together with others, it fails immediately and may still run on the server. The error says so. The server
   *   cannot be asked, because it would stop the statement that it works on when the request arrives.
   */
  cancel(): void {
    if (this.#statement === undefined) this.#rows ??= Promise.reject(CANCEL.error("unsent"));
    else this.#connection.stop(this.#statement, CANCEL);
    this.#rows?.catch(() => {});
  }

  #run(): Promise<Rows<Row>> {
    return (this.#rows ??= this.#start());
  }

  #start(): Promise<Rows<Row>> {
    const connection = this.#connection;
    const fragment = this.#fragment;
    const refusal = connection.refusal(fragment);
    if (refusal !== undefined) return Promise.reject(refusal);
    let statement: Statement;
    try {
      statement = connection.prepare(fragment);
    } catch (error) {
      return Promise.reject(error);
    }
    const finish = (result: Result) => connection.finish(refuseLost(result)) as unknown as Rows<Row>;
    connection.run((this.#statement = statement));
    return statement.then(finish, (error: unknown) => connection.recover(error, statement, fragment).then(finish));
  }
}
