import { NextvalError } from "../../index.js";
import { UNKNOWN } from "../../internal.js";
import type { SerialConnection, SerialStatement, TextResult } from "../serial/driver.js";
import type { PGliteOptions, PGliteResult, PGliteSession } from "./client.js";
import type { Texts } from "./texts.js";

/** PGlite, or the transaction of it that is held open for a session of ours. */
export class PGliteConnection implements SerialConnection {
  readonly #session: PGliteSession;
  readonly #texts: Texts;
  readonly release: () => void;

  constructor(session: PGliteSession, texts: Texts, release: () => void) {
    this.#session = session;
    this.#texts = texts;
    this.release = release;
  }

  /** It runs in this process, and is never lost. */
  onLoss(): void {}

  async run({ fragment, parameters, kind }: SerialStatement): Promise<TextResult> {
    if (kind === "command") return commandResult((await this.#session.exec(fragment.text)) as PGliteResult[]);
    const options: PGliteOptions = this.#texts.options;
    const types = parameters.map(({ type }) => (type === UNKNOWN ? 0 : type));
    if (types.some((type) => type !== 0)) options.paramTypes = types;
    const values = parameters.map(({ text }) => text);
    return resultOf((await this.#session.query(fragment.text, values, options)) as PGliteResult);
  }
}

function resultOf({
  fields,
  rows,
  command = "",
  rowCount = null,
}: Omit<PGliteResult, "rowCount"> & { readonly rowCount?: number | null }): TextResult {
  // PGlite does not tell the table of a column.
  const columns = fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID, table: 0 }));
  return { columns, rows, command, count: rowCount };
}

function commandResult(results: readonly PGliteResult[]): TextResult {
  const result = results.at(-1) as PGliteResult;
  // Without it, a COMMIT that was a rollback would go unnoticed.
  if (result.command === undefined)
    throw new NextvalError("INVALID_ARGUMENT", "begin and session need PGlite 0.5.5 or later");
  return resultOf(result);
}
