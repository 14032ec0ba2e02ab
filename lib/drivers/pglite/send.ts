import type { Column } from "../../internal.js";
import type { Result } from "../queued/driver.js";
import type { BackendMessage, PGliteClient } from "./client.js";

/** What the server has answered. */
export interface Reply {
  readonly result: Result;
  /** The error of the server, or undefined. */
  readonly error: unknown;
  /** Whether no transaction is open after it. */
  readonly isIdle: boolean;
}

/** Sends messages to a PGlite, while its other callers wait. */
export async function send(client: PGliteClient, message: Uint8Array): Promise<Reply> {
  const { messages } = await client.runExclusive(() =>
    client.execProtocol(message, { syncToFs: false, throwOnError: false }),
  );
  let columns: readonly Column[] = [];
  const rows: (string | null)[][] = [];
  let tag = "";
  let error: unknown;
  let isIdle = false;
  for (const each of messages as readonly BackendMessage[]) {
    if (each.name === "dataRow") rows.push(each.fields);
    else if (each.name === "rowDescription") columns = each.fields.map(columnOf);
    else if (each.name === "commandComplete") tag = each.text;
    else if (each.name === "readyForQuery") isIdle = each.status === "I";
    else if (each.name === "error") error ??= each;
  }
  // As PGlite's own `query` does. What an open transaction has changed, its commit writes.
  if (isIdle && error === undefined) await client.syncToFs();
  // A tag ends in the number of rows, if there are rows: SELECT 2.
  const words = tag.split(" ");
  const count = Number(words.at(-1) || Number.NaN);
  return {
    result: { columns, rows, command: words[0] as string, count: Number.isNaN(count) ? null : count },
    error,
    isIdle,
  };
}

type Field = Extract<BackendMessage, { name: "rowDescription" }>["fields"][number];

function columnOf({ name, dataTypeID: type, tableID: table }: Field): Column {
  return { name, type, table, parser: undefined };
}
