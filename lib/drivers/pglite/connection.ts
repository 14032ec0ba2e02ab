import { NextvalError } from "../../index.js";
import { isServerError, UNKNOWN } from "../../internal.js";
import type { Result, QueuedConnection, QueuedStatement } from "../queued/driver.js";
import type { PGliteClient, PGliteOptions, PGliteResult, PGliteSession } from "./client.js";
import { textOf, INT8, INT8_ARRAY } from "./exact-integers.js";

/** Our values are written already. The serializer of `bytea` would refuse a text. */
const AS_WRITTEN = /* @__PURE__ */ new Proxy({}, { get: () => (value: string) => value }) as NonNullable<
  PGliteOptions["serializers"]
>;

/** PGlite, or the transaction of it that is held open for a session of ours. */
export class PGliteConnection implements QueuedConnection {
  readonly #session: PGliteSession;
  readonly #parsers: PGliteClient["parsers"];
  readonly release: (broken?: unknown) => void;

  constructor(session: PGliteSession, parsers: PGliteClient["parsers"], release: (broken?: unknown) => void) {
    this.#session = session;
    this.#parsers = parsers;
    this.release = release;
  }

  /** It runs in this process, and is never lost. */
  onLoss(): void {}

  async run({ fragment, parameters, kind }: QueuedStatement): Promise<Result> {
    if (kind === "command") return this.#lastOf((await this.#session.exec(fragment.text)) as PGliteResult[]);
    const options: PGliteOptions = { rowMode: "array", serializers: AS_WRITTEN };
    const types = parameters.map(({ type }) => (type === UNKNOWN ? 0 : type));
    if (types.some((type) => type !== 0)) options.paramTypes = types;
    const values = parameters.map(({ text }) => text);
    try {
      return this.#resultOf((await this.#session.query(fragment.text, values, options)) as PGliteResult);
    } catch (error) {
      if (isServerError(error)) throw error;
      // One of PGlite's parsers has thrown. Its connection is as usable as before.
      return { columns: [], rows: [], command: "", count: null, failure: { error } };
    }
  }

  #resultOf({ fields, rows, command = "", rowCount }: PGliteResult): Result {
    const columns = fields.map(({ name, dataTypeID: type }) => {
      const isExact = type === INT8 || type === INT8_ARRAY;
      // PGlite does not tell the table of a column.
      return { name, type, table: 0, isExact, isRead: !isExact && this.#parsers[type] !== undefined };
    });
    columns.forEach(({ isExact }, at) => {
      if (isExact) for (const row of rows) row[at] = textOf(row[at]);
    });
    return { columns, rows, command, count: rowCount ?? null };
  }

  #lastOf(results: readonly PGliteResult[]): Result {
    const result = results.at(-1) as PGliteResult;
    // Without it, a COMMIT that was a rollback would go unnoticed.
    if (result.command === undefined)
      throw new NextvalError("INVALID_ARGUMENT", "begin and session need PGlite 0.5.5 or later");
    return this.#resultOf(result);
  }
}
