import type { Column } from "../../internal.js";
import type { Result } from "../queued/driver.js";
import type { BackendMessage, PGliteClient } from "./client.js";

/** What the server has answered. */
export interface Reply {
  /** Undefined if there was no statement, or none was answered. */
  readonly result: Result | undefined;
  /** The error of the server, or undefined. */
  readonly error: unknown;
  /** Whether no transaction is open after it. */
  readonly isIdle: boolean;
}

/** Sends messages to a PGlite, while its other callers wait. */
export async function send(client: PGliteClient, message: Uint8Array): Promise<Reply> {
  const messages = await client.runExclusive(() =>
    client.execProtocolStream(message, { syncToFs: false, throwOnError: false }),
  );
  await client._getWrittenBlob();
  let columns: readonly Column[] = [];
  const rows: (string | null)[][] = [];
  let isBound = false;
  let tag: string | undefined;
  let error: unknown;
  let isIdle = false;
  for (const each of messages as readonly BackendMessage[]) {
    if (each.name === "dataRow") rows.push(each.fields);
    else if (each.name === "rowDescription") columns = each.fields.map(columnOf);
    else if (each.name === "commandComplete") tag = each.text;
    else if (each.name === "bindComplete") isBound = true;
    // It is also said of a statement that was stopped.
    else if (each.name === "emptyQuery" && isBound) tag = "";
    else if (each.name === "readyForQuery") isIdle = each.status === "I";
    else if (each.name === "error") error ??= each;
  }
  if (tag === undefined || error !== undefined) return { result: undefined, error, isIdle };
  // As PGlite's own `query` does. What an open transaction has changed, its commit writes.
  const failure = isIdle ? await client.syncToFs().then(nothing, toFailure) : undefined;
  // A tag ends in the number of rows, if there are rows: SELECT 2.
  const words = tag.split(" ");
  const count = Number(words.at(-1) || Number.NaN);
  const result = { columns, rows, command: words[0] as string, count: Number.isNaN(count) ? null : count, failure };
  return { result, error, isIdle };
}

function nothing(): undefined {}

function toFailure(error: unknown): Result["failure"] {
  return { error };
}

type Field = Extract<BackendMessage, { name: "rowDescription" }>["fields"][number];

function columnOf({ name, dataTypeID: type, tableID: table }: Field): Column {
  return { name, type, table, parser: undefined };
}
