import { refuse } from "../errors.js";
import { BoundedMap } from "./bounded-map.js";
import { type Sql, textFragment } from "./fragment.js";

const names = /* @__PURE__ */ new BoundedMap<string, Sql>(1000);
const qualifiedNames = /* @__PURE__ */ new BoundedMap<string, Sql>(1000);

/**
 * A name, quoted; several names are joined by dots.
 *
 * ```ts
 * sql`select ${sql.identifier("we\"ird")} from ${sql.identifier("billing", "invoice")}`;
 * // select "we""ird" from "billing"."invoice"
 * ```
 *
 * Refuses what PostgreSQL cannot store as a name: an empty one, a NUL, half a surrogate pair. Refuses more than 63 bytes, because
 * the server would cut the name with no more than a notice, and take the table or column of the shorter name.
 */
export function identifier(first: string, ...further: readonly string[]): Sql {
  if (further.length === 0) return names.getOrMake(first, () => textFragment(quoteIdentifier(first)));
  const all = [first, ...further];
  return qualifiedNames.getOrMake(keyOf(all), () => textFragment(all.map((name) => quoteIdentifier(name)).join(".")));
}

/** Tells lists of names apart, also those that cannot be quoted because a name has a NUL in it. */
export function keyOf(list: readonly string[]): string {
  return `${list.length}\0${list.join("\0")}`;
}

/** The longest name that the server stores. It cuts a longer one. Source: "Lexical Structure", section "Identifiers". */
export const MAX_NAME_BYTES = 63;

/** Always quoted, so that no name can be mistaken for a keyword. Source: "Lexical Structure", section "Identifiers". */
export function quoteIdentifier(name: string, taker = "sql.identifier"): string {
  if (typeof name !== "string" || name === "" || !isText(name)) {
    const given = typeof name === "string" ? JSON.stringify(name.slice(0, 100)) : typeof name;
    refuse(taker, `takes names without NUL or half a surrogate pair, not ${given}`);
  }
  if (bytesOf(name) > MAX_NAME_BYTES) {
    refuse(
      taker,
      `takes names of at most ${MAX_NAME_BYTES} bytes, not ${JSON.stringify(name.slice(0, 100))}; the server would cut the name and take another one`,
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** Whether PostgreSQL can store it as it is: no NUL, and every surrogate has its other half. */
export function isText(text: string): boolean {
  return !/\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

/** In UTF-8; a pair of surrogates makes 4 bytes, which is 3 and 1. */
export function bytesOf(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    bytes += code < 0x80 ? 1 : code < 0x800 || (code & 0xf800) === 0xd800 ? 2 : 3;
  }
  return bytes;
}
