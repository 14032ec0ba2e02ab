import type postgres from "postgres";
import type { Sql } from "../sql/fragment.js";
import { type Connection, refuseLost } from "./connection.js";
import type { Rows } from "./decode.js";

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
  #pending: postgres.PendingQuery<postgres.Row[]> | undefined;
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

  /** Starts the statement without waiting for it. */
  execute(): this {
    void this.#run();
    return this;
  }

  /**
   * Asks the server to stop the statement; awaiting it then fails with SQLSTATE 57014. One that has not been started never
   * runs.
   */
  cancel(): void {
    const pending = this.#pending;
    if (pending === undefined) {
      const reason = Object.assign(new Error("canceling statement due to user request"), { code: "57014" });
      this.#rows ??= Promise.reject(reason);
    } else {
      // postgres.js takes a moment to send it; a statement that it cancels before that blocks the connection.
      void Promise.resolve().then(() => Promise.resolve().then(() => pending.cancel()));
    }
    this.#rows?.catch(() => {});
  }

  #run(): Promise<Rows<Row>> {
    if (this.#rows === undefined) {
      const connection = this.#connection;
      const fragment = this.#fragment;
      const refusal = connection.refusal(fragment);
      this.#rows =
        refusal !== undefined
          ? Promise.reject(refusal)
          : (this.#pending = connection.prepare(fragment)).then(
              (rows) => {
                refuseLost(rows);
                return connection.decode(rows as unknown as Rows<Row>, rows.columns, fragment);
              },
              (error: unknown) => connection.fail(error, fragment),
            );
    }
    return this.#rows;
  }
}
