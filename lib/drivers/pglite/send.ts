import type { Column } from "../../internal.js";
import type { Result } from "../queued/driver.js";
import type { BackendMessage, PGliteClient } from "./client.js";

/** What the server has answered. */
export interface Reply {
  /** Undefined if there was no statement, if it failed, or if it was stopped while it ran. */
  readonly result: Result | undefined;
  /** The error of the server, or undefined. */
  readonly error: unknown;
  /** Whether no transaction is open after it. */
  readonly isIdle: boolean;
}

/**
 * Sends messages to a PGlite, while its other callers wait. `end` is sent after an answer only: of a statement that was
 * stopped, Sync would commit what it has done so far.
 */
export async function send(client: PGliteClient, message: Uint8Array, end?: Uint8Array): Promise<Reply> {
  const answer = new AnswerReader();
  await client.runExclusive(async () => {
    answer.read(await client.execProtocolStream(message, OPTIONS));
    if (end !== undefined && answer.isComplete) answer.read(await client.execProtocolStream(end, OPTIONS));
  });
  await client._getWrittenBlob();
  const { isIdle, isUnread, error } = answer;
  if (isUnread) return { result: failedResult(stopped()), error: undefined, isIdle };
  const result = answer.toResult();
  if (result === undefined || error !== undefined) return { result: undefined, error, isIdle };
  // As PGlite's own `query` does. What an open transaction has changed, its commit writes.
  const failure = isIdle ? await client.syncToFs().then(nothing, toFailure) : undefined;
  return { result: { ...result, failure }, error, isIdle };
}

const OPTIONS = { syncToFs: false, throwOnError: false };

/** The error of a statement that PGlite (0.5.17) has ended without an answer. */
export function stopped(): Error {
  return new Error("PGlite has stopped the statement, perhaps because its stack is full");
}

/** The result of a statement that the driver itself failed with. */
export function failedResult(error: unknown): Result {
  return { columns: [], rows: [], command: "", count: null, failure: { error } };
}

/** "prepared statement does not exist" */
const UNKNOWN_STATEMENT = "26000";

/** Reads the messages of the server about one statement. */
class AnswerReader {
  error: unknown;
  isIdle = false;
  #columns: readonly Column[] = [];
  readonly #rows: (string | null)[][] = [];
  #isParsed = false;
  #isBound = false;
  #tag: string | undefined;

  /** Whether the server has answered the statement. */
  get isComplete(): boolean {
    return this.#tag !== undefined || this.error !== undefined;
  }

  /** Whether PGlite has stopped the statement while it read it. The server then looks for it in vain. */
  get isUnread(): boolean {
    return !this.#isParsed && (this.error as { readonly code?: unknown } | undefined)?.code === UNKNOWN_STATEMENT;
  }

  read(messages: readonly { readonly name: string }[]): void {
    for (const each of messages as readonly BackendMessage[]) {
      if (each.name === "dataRow") this.#rows.push(each.fields);
      else if (each.name === "rowDescription") this.#columns = each.fields.map(columnOf);
      else if (each.name === "commandComplete") this.#tag = each.text;
      else if (each.name === "parseComplete") this.#isParsed = true;
      else if (each.name === "bindComplete") this.#isBound = true;
      // It is also said of a statement that was stopped.
      else if (each.name === "emptyQuery" && this.#isBound) this.#tag = "";
      else if (each.name === "readyForQuery") this.isIdle = each.status === "I";
      else if (each.name === "error") this.error ??= each;
    }
  }

  toResult(): Result | undefined {
    if (this.#tag === undefined) return undefined;
    // A tag ends in the number of rows, if there are rows: SELECT 2.
    const words = this.#tag.split(" ");
    const count = Number(words.at(-1) || Number.NaN);
    const command = words[0] as string;
    return { columns: this.#columns, rows: this.#rows, command, count: Number.isNaN(count) ? null : count };
  }
}

function nothing(): undefined {}

function toFailure(error: unknown): Result["failure"] {
  return { error };
}

type Field = Extract<BackendMessage, { name: "rowDescription" }>["fields"][number];

function columnOf({ name, dataTypeID: type, tableID: table }: Field): Column {
  return { name, type, table, parser: undefined };
}
