import { refuse } from "../../errors.js";
import { BoundedMap } from "../bounded-map.js";
import { type Sql, textFragment } from "../fragment.js";

const names = /* @__PURE__ */ new BoundedMap<string, Sql>(1000);
const qualifiedNames = /* @__PURE__ */ new BoundedMap<string, Sql>(1000);

/**
 * Quotes a name. Several names are joined by dots.
 *
 * ```ts
 * sql`select ${sql.identifier("we\"ird")} from ${sql.identifier("billing", "invoice")}`;
 * // select "we""ird" from "billing"."invoice"
 * ```
 *
 * Throws `INVALID_TEMPLATE` for an empty name, a NUL or half a surrogate pair, which PostgreSQL cannot store. Also
 * throws for more than 63 bytes: the server would truncate the name with only a notice, and use the table or column of
 * the shorter name.
 */
export function identifier(first: string, ...further: readonly string[]): Sql {
  if (further.length === 0) return names.getOrMake(first, () => textFragment(quoteIdentifier(first)));
  const all = [first, ...further];
  return qualifiedNames.getOrMake(keyOf(all), () => textFragment(all.map((name) => quoteIdentifier(name)).join(".")));
}

/**
 * Quotes names that the server has stored. They are of any length: in an encoding such as LATIN1, 63 bytes of a name
 * may be more in UTF-8.
 */
export function storedIdentifier(...names: readonly [string, ...string[]]): Sql {
  return textFragment(names.map(quote).join("."));
}

/**
 * Makes one key of a list of names. Different lists get different keys, even if a name has a NUL and cannot be quoted.
 */
export function keyOf(list: readonly string[]): string {
  return `${list.length}\0${list.join("\0")}`;
}

/**
 * The length of the longest name that the server stores; it truncates longer names. Source: "Lexical Structure",
 * section "Identifiers".
 */
export const MAX_NAME_BYTES = 63;

/**
 * Quotes a name, always, so no name can be mistaken for a keyword. Source: "Lexical Structure", section "Identifiers".
 */
export function quoteIdentifier(name: string, taker = "sql.identifier"): string {
  if (typeof name !== "string" || name === "" || !isText(name)) {
    const given = typeof name === "string" ? JSON.stringify(name.slice(0, 100)) : typeof name;
    refuse(taker, `takes names without NUL or half a surrogate pair, not ${given}`);
  }
  if (bytesOf(name) > MAX_NAME_BYTES) {
    refuse(
      taker,
      `takes names of at most ${MAX_NAME_BYTES} bytes, not ${JSON.stringify(name.slice(0, 100))}`,
      "Shorten the name, because the server would cut it and take another one.",
    );
  }
  return quote(name);
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Whether PostgreSQL can store the text unchanged: it has no NUL and no half of a surrogate pair. */
export function isText(text: string): boolean {
  return !/\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

/** The length in UTF-8. A surrogate pair takes 4 bytes; this counts 3 for one half and 1 for the other. */
export function bytesOf(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    bytes += code < 0x80 ? 1 : code < 0x800 || (code & 0xf800) === 0xd800 ? 2 : 3;
  }
  return bytes;
}
