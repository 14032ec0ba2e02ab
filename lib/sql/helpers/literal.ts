import { refuse } from "../../errors.js";
import { dateText, isDate } from "../date-text.js";
import { type Sql, textFragment } from "../fragment.js";
import { writeBytes } from "../hex-text.js";
import { isText } from "./identifier.js";

/**
 * Writes a value into the SQL text, for places that accept no parameter: DDL, `SET`, a dollar-quoted body.
 *
 * ```ts
 * sql`alter table orders alter note set default ${sql.literal("it's new")}`;
 * // alter table orders alter note set default 'it''s new'
 * ```
 *
 * If a parameter is allowed, splice the value itself instead. Numbers and bigints are written as digits, a Date as its
 * ISO text, bytes as hexadecimal.
 */
export function literal(value: string | number | bigint | boolean | null | Date | Uint8Array): Sql {
  return textFragment(literalText(value));
}

function literalText(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string" && isText(value)) return quoteLiteral(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return `'${value}'`;
  // A minus sign right after another one would begin a comment.
  if (typeof value === "number" || typeof value === "bigint") return value < 0 ? ` ${value}` : String(value);
  if (isDate(value) && !Number.isNaN(value.getTime())) return `'${dateText(value)}'`;
  if (value instanceof Uint8Array) return quoteLiteral(writeBytes(value));
  return refuse(
    "sql.literal",
    "takes a string without NUL or half a surrogate pair, a number, bigint, boolean, null, valid Date or bytes, " +
      `not ${typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : typeof value}`,
  );
}

/**
 * Quotes a string. Text with a backslash becomes an escape string, because only there does a backslash mean the same
 * under every setting of `standard_conforming_strings`. The server's own `quote_literal` does so too. Source: "Lexical
 * Structure", section "String Constants with C-Style Escapes".
 */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? `E${quoted}` : quoted;
}
