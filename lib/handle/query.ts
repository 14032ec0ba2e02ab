import type { Sql } from "../sql/fragment.js";
import { CANCEL } from "./call-limits.js";
import type { Executor, Running } from "./executor.js";
import type { Rows } from "./rows.js";

/**
 * A statement that runs when it is first awaited, and only once.
 *
 * ```ts
 * const query = db`select ${nextval(orderSeq).as("id")}`; // nothing has been sent
 * const [row] = await query;
 * ```
 */
export class Query<Row> implements PromiseLike<Rows<Row>> {
  readonly #executor: Executor;
  readonly #fragment: Sql<Row>;
  #running: Running<Row> | undefined;
  #rows: Promise<Rows<Row>> | undefined;

  /** @internal */
  constructor(executor: Executor, fragment: Sql<Row>) {
    this.#executor = executor;
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

  /**
   * Starts the statement without waiting for it. If the statement fails inside `begin`, `begin` fails with its error.
   */
  execute(): this {
    const rows = this.#run();
    if (this.#executor.isReported) rows.catch(() => {});
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
    return (this.#rows ??= (this.#running = this.#executor.start(this.#fragment)).rows);
  }
}
