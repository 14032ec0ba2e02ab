import { refuse } from "../../errors.js";
import { shown } from "../../sequence/messages.js";
import { dateText, isDate } from "../../sql/date-text.js";
import type { Sql } from "../../sql/fragment.js";
import { isJsonValue } from "../../sql/helpers/json.js";
import { writeBytes } from "../../sql/hex-text.js";
import { placeOf } from "../../sql/shape.js";
import { refuseAmbiguous } from "./empty-value.js";

/**
 * Values become text here, before a driver sees them. The serializers of drivers change values silently, differ from
 * each other, and fail in ways that disturb other statements.
 */

/** How a driver takes values. */
export interface Writer {
  /** Makes a parameter of a value's text and the type that it declares, which is `UNKNOWN` for nearly all. */
  parameter(text: string | null, type: number): unknown;
  /** Writes an object that only this driver makes. Returns undefined for any other object. */
  writeOwn?(value: object, place: Place, at: number, path: string): Written | undefined;
}

/** The type `unknown`. The server infers the type from the value's position, as it does for a quoted literal. */
export const UNKNOWN = 705;

/** Types that a value declares, so `jsonb_build_object('a', ${true})` works. */
const BOOLEAN = 16;
const BYTEA = 17;
const INT8 = 20;
const TIMESTAMPTZ = 1184;
const TIMESTAMPTZ_ARRAY = 1185;
const NUMERIC = 1700;
const JSONB = 3802;

/** The names of these types. */
export const TYPE_NAMES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map([
  [BOOLEAN, "bool"],
  [BYTEA, "bytea"],
  [INT8, "int8"],
  [TIMESTAMPTZ, "timestamptz"],
  [TIMESTAMPTZ_ARRAY, "_timestamptz"],
  [NUMERIC, "numeric"],
  [JSONB, "jsonb"],
]);

/** A character has at most three bytes, and the longest message that the server reads has 1 GB. */
const MAX_CHARACTERS = Math.floor(2 ** 30 / 3);

const MIN_INT8 = -9_223_372_036_854_775_808n;
const MAX_INT8 = 9_223_372_036_854_775_807n;

/**
 * Writes the parameters of a statement. Throws `INVALID_TEMPLATE`, with the position, for a value that has no text,
 * before anything is sent.
 */
export function writeValues(fragment: Sql, writer: Writer): unknown[] {
  const values = fragment.values;
  const place: Place = (at, path) => `${placeOf(fragment.strings, at)}${path}`;
  let length = fragment.text.length;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    let text: string;
    let type = UNKNOWN;
    if (typeof value === "string") text = wellFormed(value, place, at, "");
    else if (value === null) {
      values[at] = writer.parameter(null, UNKNOWN);
      continue;
    } else if (typeof value === "number") text = numberText(value);
    else {
      const written = write(value, writer, place, at, "");
      text = written.text as string;
      type = written.type;
      if (text === "{}" && type === UNKNOWN && written.isStated !== true) refuseAmbiguous(value, fragment, at);
    }
    if (text !== null && (length += text.length) > MAX_CHARACTERS) refuseTooLong(place(at, ""));
    values[at] = writer.parameter(text, type);
  }
  return values;
}

/** Describes the position of a value, and of the problem in it: `value 2 (after "values (")`, `, item 3`. */
export type Place = (at: number, path: string) => string;

export interface Written {
  readonly text: string | null;
  readonly type: number;
  /** Whether the program has stated the kind of the value, so it is not ambiguous. */
  readonly isStated?: boolean;
}

export function write(value: unknown, writer: Writer, place: Place, at: number, path: string): Written {
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
      return value === null ? { text: null, type: UNKNOWN } : writeObject(value, writer, place, at, path);
    default:
      return refuse(
        place(at, path),
        `is ${value === undefined ? "undefined" : `a ${typeof value}`}, which has no text`,
      );
  }
}

function writeObject(value: object, writer: Writer, place: Place, at: number, path: string): Written {
  if (Array.isArray(value)) {
    const text = arrayText(value, writer, place, at, path, 1);
    // As plain text, a Date in an array of timestamps would lose its time zone.
    return { text, type: isDate(firstOf(value)) ? TIMESTAMPTZ_ARRAY : UNKNOWN };
  }
  if (isDate(value)) {
    if (Number.isNaN(value.getTime())) return refuse(place(at, path), "is an invalid Date");
    return { text: dateText(value), type: TIMESTAMPTZ };
  }
  if (isBytes(value)) return { text: hexText(value, place, at, path), type: BYTEA };
  if (isJsonValue(value)) return { text: jsonText(value, place, at, path), type: JSONB };
  const own = writer.writeOwn?.(value, place, at, path);
  if (own !== undefined) return own;
  if (isTyped(value)) return { text: write(value.value, writer, place, at, path).text, type: value.type };
  return { text: jsonText(value, place, at, path), type: UNKNOWN };
}

/** Whether a value declares its type, as `client.typed(value, type)` of postgres.js makes it. */
function isTyped(value: object): value is { readonly value: unknown; readonly type: number } {
  return "then" in value && typeof value.then === "function" && "type" in value && Number(value.type) > 0;
}

const MAX_DIMENSIONS = 32;

/** Source: "Array Input and Output Syntax" in the PostgreSQL documentation. */
export function arrayText(
  items: readonly unknown[],
  writer: Writer,
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
    else if (Array.isArray(item)) text += arrayText(item, writer, place, at, inner, dimension + 1, serialize);
    else if (serialize !== undefined) text += quoted(serialize(item));
    else if (typeof item === "string") text += quoted(wellFormed(item, place, at, inner));
    else {
      const written = write(item, writer, place, at, inner);
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
export function wellFormed(text: string, place: Place, at: number, path: string): string {
  if ((text as string & { isWellFormed(): boolean }).isWellFormed()) return text;
  return refuse(place(at, path), "holds half of a surrogate pair, which UTF-8 does not have");
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

export function refuseUnwritable(place: string, as: string, error: unknown): never {
  const reason = error instanceof Error ? error.message.split("\n", 1)[0] : shown(error);
  return refuse(place, `cannot be written as ${as}: ${reason}`);
}
