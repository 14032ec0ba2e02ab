import type postgres from "postgres";
import { refuse } from "../../errors.js";
import type { Sql } from "../../sql/fragment.js";
import { JsonValue } from "../../sql/json.js";
import { placeOf } from "../../sql/shape.js";
import { writeBytes } from "./bytes-text.js";

/**
 * Values become text here, before the driver sees them. The driver's own serializers (postgres.js 3.4.9) run after a
 * statement was queued. If one fails, every later answer on the connection goes to another statement. Some also change
 * a value silently.
 */

/** A parameter of the driver: `client.typed(text, type)`. */
export type Parameter = ReturnType<postgres.Sql["typed"]>;

/** The part of a postgres.js client that writing values needs. */
export interface WritingClient {
  typed(value: never, type: number): Parameter;
  readonly options: { readonly serializers: { readonly [type: number]: ((value: unknown) => unknown) | undefined } };
}

/** The type `unknown`. The server infers the type from the value's position, as it does for a quoted literal. */
const UNKNOWN = 705;

/**
 * Types that a value declares, so `jsonb_build_object('a', ${true})` works. The driver looks up serializers by the text
 * of the type, and sends the type as a number: "016" declares 16 and has no serializer.
 */
const BOOLEAN = "016" as unknown as number;
const BYTEA = "017" as unknown as number;
const INT8 = "020" as unknown as number;
const TIMESTAMPTZ = "01184" as unknown as number;
const TIMESTAMPTZ_ARRAY = "01185" as unknown as number;
const NUMERIC = "01700" as unknown as number;
const JSONB = "03802" as unknown as number;

/** A character has at most three bytes, and the longest message that the server reads has 1 GB. */
const MAX_CHARACTERS = Math.floor(2 ** 30 / 3);

const MIN_INT8 = -9_223_372_036_854_775_808n;
const MAX_INT8 = 9_223_372_036_854_775_807n;

/**
 * Writes the parameters of a statement. Throws `INVALID_TEMPLATE`, with the position, for a value that has no text,
 * before anything is sent.
 */
export function writeValues(fragment: Sql, client: WritingClient): Parameter[] {
  const values = fragment.values;
  const place: Place = (at, path) => `${placeOf(fragment.strings, at)}${path}`;
  let length = fragment.text.length;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    let text: string;
    let type = UNKNOWN;
    if (typeof value === "string") text = wellFormed(value, place, at, "");
    else if (value === null) {
      values[at] = client.typed(null as never, UNKNOWN);
      continue;
    } else if (typeof value === "number") text = numberText(value);
    else {
      const written = write(value, client, place, at, "");
      text = written.text as string;
      type = written.type;
      if (text === "{}" && type === UNKNOWN && !isMarked(value)) refuseAmbiguous(value, fragment, place, at);
    }
    if (text !== null && (length += text.length) > MAX_CHARACTERS) refuseTooLong(place(at, ""));
    values[at] = client.typed(text as never, type);
  }
  return values as Parameter[];
}

/**
 * Lists the types that the parameters declare; empty if there are none. A connection prepares a text once for each
 * list.
 */
export function typesOf(parameters: readonly Parameter[]): string {
  let types = "";
  for (let at = 0; at < parameters.length; at++) {
    const { type } = parameters[at] as Parameter;
    if (type !== UNKNOWN) types += `${at}:${type} `;
  }
  return types;
}

/** Describes the position of a value, and of the problem in it: `value 2 (after "values (")`, `, item 3`. */
type Place = (at: number, path: string) => string;

interface Written {
  readonly text: string | null;
  readonly type: number;
}

function write(value: unknown, client: WritingClient, place: Place, at: number, path: string): Written {
  switch (typeof value) {
    case "string":
      return { text: wellFormed(value, place, at, path), type: UNKNOWN };
    case "number":
      return { text: numberText(value), type: UNKNOWN };
    case "boolean":
      return { text: value ? "t" : "f", type: BOOLEAN };
    case "bigint":
      return { text: String(value), type: value < MIN_INT8 || value > MAX_INT8 ? NUMERIC : INT8 };
    case "object":
      return value === null ? { text: null, type: UNKNOWN } : writeObject(value, client, place, at, path);
    default:
      return refuse(
        place(at, path),
        `is ${value === undefined ? "undefined" : `a ${typeof value}`}, which has no text`,
      );
  }
}

function writeObject(value: object, client: WritingClient, place: Place, at: number, path: string): Written {
  if (Array.isArray(value)) {
    const text = arrayText(value, client, place, at, path, 1);
    // As plain text, a Date in an array of timestamps would lose its time zone.
    return { text, type: firstOf(value) instanceof Date ? TIMESTAMPTZ_ARRAY : UNKNOWN };
  }
  if (value instanceof Date) return { text: dateText(value, place, at, path), type: TIMESTAMPTZ };
  if (isBytes(value)) return { text: hexText(value, place, at, path), type: BYTEA };
  if (value instanceof JsonValue) return { text: jsonText(value, place, at, path), type: JSONB };
  if (isMarked(value)) return writeMarked(value, client, place, at, path);
  return { text: jsonText(value, place, at, path), type: UNKNOWN };
}

/**
 * A value from `client.typed(value, type)`, `client.json(value)` or `client.array(items, type)`. The user's own types
 * may have serializers for it.
 */
interface Marked {
  readonly value: unknown;
  readonly type: unknown;
  readonly array?: { readonly [element: number]: number } | undefined;
}

function isMarked(value: unknown): value is Marked {
  if (typeof value !== "object" || value === null) return false;
  return "then" in value && typeof value.then === "function" && "value" in value && "type" in value;
}

function writeMarked(marked: Marked, client: WritingClient, place: Place, at: number, path: string): Written {
  const { value, array } = marked;
  const type = Number(marked.type ?? 0);
  if (!Number.isInteger(type) || type < 0 || type > 4_294_967_295) {
    return refuse(
      place(at, path),
      `is marked with the type ${String(marked.type)}, which is not the object id of a type`,
    );
  }
  if (array !== undefined) {
    if (!Array.isArray(value)) return refuse(place(at, path), "is marked as an array and is not one");
    const serialize = client.options.serializers[type];
    const text = arrayText(
      value,
      client,
      place,
      at,
      path,
      1,
      serialize && ((item) => serialized(serialize, item, place, at, path)),
    );
    return { text, type: declared(array[type] ?? 0) };
  }
  if (value === null || value === undefined) return { text: null, type: declared(type) };
  const serialize = client.options.serializers[type];
  if (serialize === undefined) return { text: write(value, client, place, at, path).text, type: declared(type) };
  return { text: serialized(serialize, value, place, at, path), type: declared(type) };
}

/** Writes a type that the user has marked so the driver finds no serializer for it. */
function declared(type: number): number {
  return type === 0 ? UNKNOWN : (`0${type}` as unknown as number);
}

function serialized(
  serialize: (value: unknown) => unknown,
  value: unknown,
  place: Place,
  at: number,
  path: string,
): string {
  let text: unknown;
  try {
    text = serialize(value);
  } catch (error) {
    return refuseUnwritable(place(at, path), "the client's serializer", error);
  }
  if (typeof text === "string") return wellFormed(text, place, at, path);
  return refuse(
    place(at, path),
    `became ${text === null ? "null" : `a ${typeof text}`} in the client's serializer, which must return a string`,
  );
}

const MAX_DIMENSIONS = 32;

/** Source: "Array Input and Output Syntax" in the PostgreSQL documentation. */
function arrayText(
  items: readonly unknown[],
  client: WritingClient,
  place: Place,
  at: number,
  path: string,
  dimension: number,
  serialize?: (item: unknown) => string,
): string {
  if (dimension > MAX_DIMENSIONS) refuse(place(at, path), "is nested too deep, or holds itself");
  let text = "{";
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (index > 0) text += ",";
    const inner = `${path}, item ${index + 1}`;
    if (item === null) text += "NULL";
    else if (Array.isArray(item)) text += arrayText(item, client, place, at, inner, dimension + 1, serialize);
    else if (serialize !== undefined) text += quoted(serialize(item));
    else if (typeof item === "string") text += quoted(wellFormed(item, place, at, inner));
    else {
      const written = write(item, client, place, at, inner);
      text += written.text === null ? "NULL" : quoted(written.text);
    }
  }
  return `${text}}`;
}

/** Returns the first item that is not null, in an array of any dimension. */
function firstOf(items: readonly unknown[]): unknown {
  for (const item of items) {
    if (item !== null) return Array.isArray(item) ? firstOf(item) : item;
  }
  return undefined;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function numberText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Throws for half of a surrogate pair, which would arrive as U+FFFD. */
function wellFormed(text: string, place: Place, at: number, path: string): string {
  if ((text as string & { isWellFormed(): boolean }).isWellFormed()) return text;
  return refuse(place(at, path), "holds half of a surrogate pair, which UTF-8 does not have");
}

/** The server writes years after 9999 without a sign, and years before 1 with BC. Source: "Date/Time Input". */
function dateText(date: Date, place: Place, at: number, path: string): string {
  if (Number.isNaN(date.getTime())) return refuse(place(at, path), "is an invalid Date");
  const text = date.toISOString();
  const year = date.getUTCFullYear();
  if (year > 0 && year <= 9999) return text;
  const rest = text.slice(text.indexOf("-", 1));
  return year > 0 ? `${year}${rest}` : `${String(1 - year).padStart(4, "0")}${rest} BC`;
}

/** A string that grows one byte at a time needs 40 times the memory of the bytes. */
function hexText(bytes: Uint8Array, place: Place, at: number, path: string): string {
  if (2 * bytes.length > MAX_CHARACTERS) refuseTooLong(place(at, path));
  return writeBytes(bytes);
}

function isBytes(value: object): value is Uint8Array {
  return Object.prototype.toString.call(value) === "[object Uint8Array]" && ArrayBuffer.isView(value);
}

function jsonText(value: object, place: Place, at: number, path: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    return refuseUnwritable(place(at, path), "JSON", error);
  }
  return text ?? refuse(place(at, path), "has no JSON: its toJSON returned undefined or a function");
}

function refuseTooLong(place: string): never {
  refuse(place, `makes the statement longer than the ${MAX_CHARACTERS} characters that the server reads at once`);
}

function refuseUnwritable(place: string, as: string, error: unknown): never {
  const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
  return refuse(place, `cannot be written as ${as}: ${reason}`);
}

/**
 * Refuses an empty array or object, because the text {} fits columns of both JSON and arrays, and could be stored as
 * the wrong kind.
 */
function refuseAmbiguous(value: unknown, { strings }: Sql, place: Place, at: number): never | void {
  const given = Array.isArray(value) ? "array" : "object";
  const stated = statedKind(strings[at] as string, strings[at + 1] as string);
  if (stated === given || stated === "other") return;
  const cure =
    given === "array"
      ? "${value}::integer[] for an array, or sql.json(value) for JSON"
      : "sql.json(value) or ${value}::jsonb";
  const problem = stated === undefined ? "may be JSON as well as an array" : `would become an ${stated} here`;
  refuse(place(at, ""), `is an empty ${given}, whose text {} ${problem}; write ${cure}`);
}

/**
 * Returns the kind of type that the template states for a value, as in `${ids}::integer[]`,
 * `cast(${ids} as integer[])`, `= any(${ids})`. As JSON, the text {} is an object.
 */
function statedKind(before: string, after: string): "array" | "object" | "other" | undefined {
  const word = /\b(\w+)\s*\($/.exec(before.slice(-40).trimEnd())?.[1]?.toLowerCase();
  if (word === "any" || word === "all" || word === "some") return "array";
  const type = CAST.exec(after) ?? (word === "cast" ? AS.exec(after) : null);
  if (type === null) return undefined;
  if (type[2] !== undefined) return "array";
  return type[1] === undefined ? "other" : "object";
}

const CAST = /^\s*::\s*(?:(?:pg_catalog\s*\.\s*)?"?(jsonb?)\b"?|[^;,()\s[\]]+)?\s*(\[)?/i;
const AS = /^\s+as\s+(?:(?:pg_catalog\s*\.\s*)?"?(jsonb?)\b"?|[^;,()\s[\]]+)?\s*(\[)?/i;
