import { types } from "@electric-sql/pglite";
import type { PGliteClient } from "nextval/pglite";
import type { Outcome, Start, StatementRequest } from "./messages";

type Parsers = Record<string | number, (text: string, type: number) => unknown>;
type Request = Pick<StatementRequest, "text" | "values" | "types" | "isScript">;

/** Runs a statement elsewhere. */
export type Send = (request: Request) => Promise<Outcome>;

/**
 * A PGlite that is in another thread. What the library sends to the server crosses as a statement, so the page can show
 * it.
 */
export class RemotePGlite implements PGliteClient {
  readonly parsers: Parsers;
  readonly #send: Send;
  #turn: Promise<unknown> = Promise.resolve();
  #isInStatement = false;

  constructor(send: Send, arrayTypes: Start["arrayTypes"]) {
    this.#send = send;
    this.parsers = { ...(types.parsers as unknown as Parsers) };
    for (const [type, array] of arrayTypes) {
      this.parsers[array] = (text) => types.arrayParser(text, types.parsers[type] as types.Parser, array);
    }
  }

  async execProtocolStream(message: Uint8Array): ReturnType<PGliteClient["execProtocolStream"]> {
    const request = requestOf(message);
    if (request === undefined) return this.#endStatement() ? [] : [{ name: "readyForQuery", status: "I" } as const];
    this.#isInStatement = !request.isScript;
    const { result, error } = await this.#send(request);
    if (error !== undefined) return [Object.assign(new Error(error["message"]), { ...error, name: "error" })];
    const { columns, rows, command, count } = result;
    const fields = columns.map(({ name, type }) => ({ name, dataTypeID: type, tableID: 0 }));
    return [
      { name: "rowDescription", fields },
      ...rows.map((row) => ({ name: "dataRow", fields: row })),
      { name: "commandComplete", text: count === null ? command : `${command} ${count}` },
    ];
  }

  /** Returns whether the message ends a statement. Else it asks whether a transaction is open. */
  #endStatement(): boolean {
    const ends = this.#isInStatement;
    this.#isInStatement = false;
    return ends;
  }

  /** The only caller is a handle, which sends one statement at a time. */
  runExclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  _runExclusiveTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async _checkReady(): Promise<void> {}

  /** The files of the playground are in memory. */
  async syncToFs(): Promise<void> {}

  async _getWrittenBlob(): Promise<void> {}
}

/**
 * Reads what a handle sends: a script, a statement with its values, or nothing but the question whether a transaction
 * is open. None is when a program begins, and a handle ends its own.
 */
function requestOf(message: Uint8Array): Request | undefined {
  const reader = new MessageReader(message);
  const kind = reader.begin();
  if (kind === "S") return undefined;
  if (kind === "Q") return { text: reader.text(), values: [], types: [], isScript: true };
  // The names of the statement and of the portal are empty.
  reader.text();
  const text = reader.text();
  const types = Array.from({ length: reader.int16() }, () => reader.int32());
  reader.begin();
  reader.text();
  reader.text();
  reader.int16();
  const values = Array.from({ length: reader.int16() }, () => reader.value());
  return { text, values, types, isScript: false };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads messages one after the other. Source: "Message Formats" in the PostgreSQL documentation. */
class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Returns the kind of the message, and passes its length. */
  begin(): string {
    const kind = String.fromCharCode(this.#bytes[this.#at] as number);
    this.#at += 5;
    return kind;
  }

  int16(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4);
  }

  text(): string {
    const text = this.#read(this.#bytes.indexOf(0, this.#at) - this.#at);
    this.#at++;
    return text;
  }

  value(): string | null {
    const length = this.int32();
    return length < 0 ? null : this.#read(length);
  }

  #read(length: number): string {
    this.#at += length;
    return decoder.decode(this.#bytes.subarray(this.#at - length, this.#at));
  }
}
