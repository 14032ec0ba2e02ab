import { isServerError, UNKNOWN } from "../../internal.js";
import type { Result, QueuedConnection, QueuedStatement } from "../queued/driver.js";
import type { PGliteClient, PGliteOptions, PGliteResult, PGliteSession } from "./client.js";
import { areExact, EXACT, INT8, INT8_ARRAY, noParsers, textOf } from "./exact-integers.js";

const asWritten = (text: unknown) => text;

/** Our values are written already. The serializer of `bytea` would refuse a text. */
const AS_WRITTEN = /* @__PURE__ */ new Proxy({}, { get: () => asWritten }) as NonNullable<PGliteOptions["serializers"]>;

/** PGlite, or the transaction of it that is held open for a session of ours. */
export class PGliteConnection implements QueuedConnection {
  readonly isOfProgram = true;
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

  run(statement: QueuedStatement, done: (result: Result) => void, failed: (error: unknown) => void): void {
    const { fragment, parameters, kind } = statement;
    if (kind === "command") {
      void this.#session
        .exec(fragment.text)
        .then((results) => ({ ...this.#resultOf(results.at(-1) as PGliteResult), rows: [] }))
        .then(done, failed);
      return;
    }
    const options: PGliteOptions = { rowMode: "array", serializers: AS_WRITTEN };
    if (!areExact(this.#parsers)) options.parsers = kind === "texts" ? noParsers(this.#parsers) : EXACT;
    if (parameters.some(({ type }) => type !== UNKNOWN)) {
      options.paramTypes = parameters.map(({ type }) => (type === UNKNOWN ? 0 : type));
    }
    const values = parameters.map(({ text }) => text);
    void this.#session.query(fragment.text, values, options).then(
      (result) => done(this.#resultOf(result as PGliteResult, options.parsers !== undefined)),
      (error: unknown) => {
        if (isServerError(error)) failed(error);
        // One of PGlite's parsers has thrown. Its connection is as usable as before.
        else done({ columns: [], rows: [], command: "", count: null, failure: { error } });
      },
    );
  }

  #resultOf({ fields, rows, command = "", rowCount }: PGliteResult, areTexts = false): Result {
    const columns = fields.map(({ name, dataTypeID: type }, at) => {
      const isInteger = type === INT8 || type === INT8_ARRAY;
      if (isInteger && !areTexts) for (const row of rows) row[at] = textOf(row[at]);
      const isRead = !(isInteger || (areTexts && type in EXACT)) && this.#parsers[type] !== undefined;
      // PGlite does not tell the table of a column.
      return { name, type, table: 0, parser: undefined, isRead };
    });
    return { columns, rows, command, count: rowCount ?? null };
  }
}
