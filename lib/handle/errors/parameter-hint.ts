import { isDate } from "../../sql/date-text.js";
import type { Sql } from "../../sql/fragment.js";
import { isJsonValue } from "../../sql/helpers/json.js";
import { placeOf } from "../../sql/shape.js";
import { isServerError } from "./server-error.js";

/**
 * SQLSTATEs that a missing type can cause. The server infers the type of a parameter from its position in the
 * statement.
 */
const UNTYPED = new Set(["42P18", "42P08", "42725", "42804", "42883"]);

const INVALID_TEXT = "22P02";

/** Adds a hint to a server error: which value it may be about, and what to write. The message does not change. */
export function addHint(error: unknown, fragment: Sql): void {
  if (!isServerError(error)) return;
  const isUntyped = UNTYPED.has(error.code);
  if (!isUntyped && error.code !== INVALID_TEXT) return;
  const { values } = fragment;
  const isJson = !isUntyped && /\bjsonb?\b/.test(error.message);
  const at = isUntyped
    ? parameterNear(error, fragment)
    : (parameterNamed(error.where) ??
      only(values, (value) => isObject(value) || (isJson && typeof value === "string")));
  if (at === undefined || at >= values.length) return;
  const hint = isUntyped ? castHint(values[at], at, fragment) : kindHint(values[at], at, fragment, isJson);
  if (hint === undefined || error.hint?.includes(hint) === true) return;
  error.hint = error.hint === undefined ? hint : `${error.hint} ${hint}`;
}

function castHint(value: unknown, at: number, { strings }: Sql): string | undefined {
  const type = typeFor(value);
  return type && `Say the type of ${placeOf(strings, at)}, such as \${value}::${type}.`;
}

function kindHint(value: unknown, at: number, { strings }: Sql, isJson: boolean): string | undefined {
  const place = placeOf(strings, at);
  if (typeof value === "string" && isJson)
    return `Write sql.json(value) for ${place}, because a string is its own text.`;
  if (Array.isArray(value)) return `Write sql.json(value) for ${place}, because an array becomes a PostgreSQL array.`;
  if (!isObject(value) || isDate(value) || isJsonValue(value as object)) return undefined;
  return `${place} is an object, which becomes JSON.`;
}

/** Returns the type to write for a value, or undefined if the value declares its type itself. */
function typeFor(value: unknown): string | undefined {
  if (typeof value === "string" || value === null) return "text";
  if (typeof value === "number")
    return Number.isInteger(value) ? (Math.abs(value) < 2 ** 31 ? "integer" : "bigint") : "numeric";
  if (Array.isArray(value)) return `${typeFor(value[0]) ?? (typeof value[0] === "bigint" ? "bigint" : "text")}[]`;
  if (typeof value !== "object" || isDate(value) || ArrayBuffer.isView(value)) return undefined;
  return "jsonb";
}

/**
 * Finds the parameter that an error names, as in "could not determine data type of parameter $1", or the one at the
 * error's position.
 */
function parameterNear(
  error: { readonly message: string; readonly position?: string | undefined },
  { text }: Sql,
): number | undefined {
  const named = parameterNamed(error.message);
  if (named !== undefined) return named;
  const position = Number(error.position ?? 0) - 1;
  if (position < 0) return undefined;
  return parameterNamed(text.slice(position)) ?? parameterNamed(text);
}

function parameterNamed(text: string | undefined): number | undefined {
  const number = text === undefined ? undefined : /\$(\d{1,5})/.exec(text)?.[1];
  return number === undefined ? undefined : Number(number) - 1;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function only(values: readonly unknown[], fits: (value: unknown) => boolean): number | undefined {
  const found = [...values.keys()].filter((at) => fits(values[at]));
  return found.length === 1 ? found[0] : undefined;
}
