import { refuse } from "../../errors.js";
import type { Sql } from "../../sql/fragment.js";
import { placeOf } from "../../sql/shape.js";

/**
 * Refuses an empty array or object, because the text {} fits columns of both JSON and arrays, and could be stored as
 * the wrong kind.
 */
export function refuseAmbiguous(value: unknown, { strings }: Sql, at: number): never | void {
  const given = Array.isArray(value) ? "array" : "object";
  const stated = statedKind(strings[at] as string, strings[at + 1] as string);
  if (stated === given || stated === "other") return;
  const hint =
    given === "array"
      ? "Write ${value}::integer[] for an array, or sql.json(value) for JSON."
      : "Write sql.json(value) or ${value}::jsonb.";
  const problem = stated === undefined ? "may be JSON as well as an array" : `would become an ${stated} here`;
  refuse(placeOf(strings, at), `is an empty ${given}, whose text {} ${problem}`, hint);
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
