import type { Parse } from "../../internal.js";
import type { SerialConnection, SerialDriver } from "../serial/driver.js";
import { Turns } from "../serial/turns.js";
import type { PGliteClient, PGliteSession } from "./client.js";
import { PGliteConnection } from "./connection.js";
import { INT8, INT8_ARRAY } from "./exact-integers.js";

/** Takes the one connection of a PGlite, in turns. */
export class PGliteDriver implements SerialDriver {
  readonly max = 1;
  readonly user = "postgres";
  readonly #client: PGliteClient;
  readonly #turns = new Turns();

  constructor(client: PGliteClient) {
    this.#client = client;
  }

  readerOf(type: number): Parse | undefined {
    return type === INT8 || type === INT8_ARRAY ? undefined : (this.#client.parsers[type] as Parse | undefined);
  }

  async connect(reserved: boolean): Promise<SerialConnection> {
    const release = await this.#turns.take();
    if (!reserved) return new PGliteConnection(this.#client, this.#client.parsers, release);
    try {
      return await this.#hold(release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Holds a transaction of PGlite open, so its other callers wait, and ends it on the server at once: what runs inside
   * begins and ends transactions by itself.
   */
  #hold(release: () => void): Promise<SerialConnection> {
    return new Promise((resolve, reject) => {
      const hold = async (session: PGliteSession) => {
        await session.exec("rollback");
        await new Promise<void>((end) => {
          resolve(new PGliteConnection(session, this.#client.parsers, end));
        });
      };
      this.#client.transaction(hold).then(release, (error: unknown) => {
        release();
        reject(error);
      });
    });
  }
}
