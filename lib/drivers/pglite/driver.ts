import { NextvalError } from "../../index.js";
import type { Parse } from "../../internal.js";
import type { QueuedConnection, QueuedDriver } from "../queued/driver.js";
import { openTransaction } from "../queued/open-transaction.js";
import { Turns } from "../queued/turns.js";
import { unusable } from "../queued/unusable.js";
import type { PGliteClient, PGliteResult, PGliteSession } from "./client.js";
import { PGliteConnection } from "./connection.js";
import { INT8, INT8_ARRAY } from "./exact-integers.js";

/** Returns a row if the connection is in a transaction that has written something. */
const WRITTEN = "select from pg_catalog.pg_current_xact_id_if_assigned() as id where id is not null";

/** Takes the one connection of a PGlite, in turns. */
export class PGliteDriver implements QueuedDriver {
  readonly max = 1;
  readonly user = "postgres";
  readonly #client: PGliteClient;
  readonly #turns: Turns;
  /** Why it is not used anymore: what a session has changed could not be undone. */
  #broken: unknown;

  constructor(client: PGliteClient) {
    this.#client = client;
    this.#turns = new Turns(client);
  }

  readerOf(type: number): Parse | undefined {
    return type === INT8 || type === INT8_ARRAY ? undefined : (this.#client.parsers[type] as Parse | undefined);
  }

  connect(reserved: boolean, done: (connection: QueuedConnection) => void, failed: (error: unknown) => void): void {
    void this.#connect(reserved).then(done, failed);
  }

  async #connect(reserved: boolean): Promise<QueuedConnection> {
    const release = await this.#turns.take();
    if (this.#broken !== undefined) {
      release();
      throw unusable("the PGlite", this.#broken);
    }
    if (!reserved) return new PGliteConnection(this.#client, this.#client.parsers, release);
    try {
      await this.#refuseOpen();
      return await this.#hold(release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Refuses an old version. Refuses a transaction that `exec("begin")` has opened, because `#hold` would undo what it
   * has written.
   */
  async #refuseOpen(): Promise<void> {
    const { rows, command } = (await this.#client.query(WRITTEN)) as PGliteResult;
    // Without it, a COMMIT that was a rollback would go unnoticed.
    if (command === undefined)
      throw new NextvalError("INVALID_ARGUMENT", "begin and session need PGlite 0.5.5 or later");
    if (rows.length > 0) throw openTransaction();
  }

  /**
   * Holds a transaction of PGlite open, so its other callers wait, and ends it on the server at once: what runs inside
   * begins and ends transactions by itself. After an error of the connection, all further calls are refused. PGlite is
   * not closed, because it may hold the only copy of its data.
   */
  #hold(release: () => void): Promise<QueuedConnection> {
    return new Promise((resolve, reject) => {
      const hold = async (session: PGliteSession) => {
        await session.exec("rollback");
        const broken = await new Promise<unknown>((end) => {
          resolve(new PGliteConnection(session, this.#client.parsers, end));
        });
        this.#broken ??= broken;
        // PGlite then rolls back what is open. Otherwise it would commit it.
        if (broken !== undefined) throw broken;
      };
      this.#client.transaction(hold).then(release, (error: unknown) => {
        release();
        reject(error);
      });
    });
  }
}
