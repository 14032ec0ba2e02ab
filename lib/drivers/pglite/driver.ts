import { NextvalError } from "../../index.js";
import { type Parse, parseArray } from "../../internal.js";
import { checkedDate, holds } from "../queued/checked-date.js";
import type { QueuedConnection, QueuedDriver } from "../queued/driver.js";
import { openTransaction } from "../queued/open-transaction.js";
import { unusable } from "../queued/unusable.js";
import type { PGliteClient } from "./client.js";
import { PGliteConnection } from "./connection.js";
import { syncMessage } from "./frontend-messages.js";
import { send } from "./send.js";

/** Takes the one connection of a PGlite, in turns. */
export class PGliteDriver implements QueuedDriver {
  readonly max = 1;
  /** Its option `username`, or the program itself, may have set another role. */
  readonly user = "";
  readonly #client: PGliteClient;
  /**
   * Why it is not used anymore: what a session has changed could not be undone. It is not closed, because it may hold
   * the only copy of its data.
   */
  #broken: unknown;

  constructor(client: PGliteClient) {
    this.#client = client;
  }

  readerOf(type: number): Parse | undefined {
    const parser = this.#client.parsers[type] as ((text: string, type: number) => unknown) | undefined;
    if (parser === undefined) return undefined;
    const parse = (text: string): unknown => parser(text, type);
    if (type === BYTEA || type === BYTEA_ARRAY) return checkedBytes(type, parse);
    // Its own parsers of dates (0.5.16) are `new Date`, which may swap day and month.
    return checkedDate(type, parse, isDate);
  }

  connect(reserved: boolean, done: (connection: QueuedConnection) => void, failed: (error: unknown) => void): void {
    void this.#connect(reserved, done).catch(failed);
  }

  async #connect(reserved: boolean, done: (connection: QueuedConnection) => void): Promise<void> {
    const client = this.#client;
    // Not only while others wait: until it is open, it runs statements of its own.
    await client._checkReady();
    await client._runExclusiveTransaction(async () => {
      // It may have been closed in the meantime.
      await client._checkReady();
      if (this.#broken !== undefined) throw unusable("the PGlite", this.#broken);
      if (reserved && !(await send(client, syncMessage())).isIdle) throw openTransaction();
      this.#broken = await new Promise((end) => {
        done(new PGliteConnection(client, end));
      });
    });
  }
}

const BYTEA = 17;
const BYTEA_ARRAY = 1001;

/** Its own parser of bytes (0.5.16) reads the format hex only, and makes wrong bytes of the other one. */
function checkedBytes(type: number, parse: Parse): Parse {
  return (text) => {
    const value = parse(text);
    const texts = type === BYTEA_ARRAY ? parseArray(text, undefined).flat(Infinity) : [text];
    if (!holds(value, isBytes) || texts.every((each) => each === null || String(each).startsWith("\\x"))) return value;
    throw new NextvalError("UNEXPECTED_VALUE", "the server wrote bytes in the format escape. The statement has run.", {
      hint: "Set bytea_output to hex.",
    });
  };
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array;
}

function isDate(value: unknown): boolean {
  return value instanceof Date;
}
