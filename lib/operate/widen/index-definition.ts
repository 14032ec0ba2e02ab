import type { Index, Relation } from "./facts.js";
import { quoted } from "./names.js";

/** The parts of an index's definition, as the server writes it. */
interface Parts {
  /** `CREATE UNIQUE INDEX` or `CREATE INDEX`. */
  readonly create: string;
  /** `USING btree `, up to the list. */
  readonly method: string;
  readonly keys: readonly string[];
  readonly included: readonly string[];
  /** What comes before the tablespace: `NULLS NOT DISTINCT`, `WITH (...)`. */
  readonly options: string;
  /** `WHERE ...`, or nothing. */
  readonly predicate: string;
}

/**
 * Writes the statement that builds an index again, on the same columns after some of them were replaced.
 *
 * ```ts
 * const columns = new Map([["id", "id_nextval_new"]]);
 * createIndex(index, table, { name: "a_pkey_nextval_new", columns, how: "concurrently" });
 * // CREATE UNIQUE INDEX concurrently "a_pkey_nextval_new" ON "public"."a" USING btree ("id_nextval_new")
 * ```
 *
 * @param columns - the new names of columns, by their names
 */
export function createIndex(
  index: Index,
  relation: Relation,
  {
    name,
    columns = new Map(),
    how = "",
  }: { readonly name: string; readonly columns?: ReadonlyMap<string, string>; readonly how?: "" | "concurrently" },
): string {
  const { create, method, keys, included, options, predicate } = partsOf(index);
  const numbers = new Map(relation.columns.map((column) => [column.number, column.name]));
  const entry = (text: string, place: number) => {
    const column = numbers.get(index.entries[place] ?? 0);
    const replaced = column === undefined ? undefined : columns.get(column);
    return replaced === undefined ? text : quoted(replaced) + text.slice(nameAtStart(text).length);
  };
  const lists = [
    `(${keys.map(entry).join(", ")})`,
    ...(included.length === 0
      ? []
      : [`INCLUDE (${included.map((text, place) => entry(text, keys.length + place)).join(", ")})`]),
  ];
  return [
    create,
    how,
    quoted(name),
    "ON",
    quoted(relation.schema, relation.name),
    method,
    ...lists,
    options,
    index.tablespace === null ? "" : `TABLESPACE ${quoted(index.tablespace)}`,
    predicate,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/**
 * Reads a definition. Its beginning has a name and a table, which are quoted or not. So the first `USING` outside of
 * quotes is the method.
 */
function partsOf({ definition }: Index): Parts {
  const start = definition.startsWith("CREATE UNIQUE INDEX ") ? "CREATE UNIQUE INDEX" : "CREATE INDEX";
  const [beginning = "", method = ""] = /^(?:"[^"]*"|[^"])*? (USING \w+) (?=\()/.exec(definition) ?? [];
  const [keys, afterKeys] = listAt(definition, beginning.length);
  const rest = definition.slice(afterKeys);
  const hasIncluded = rest.startsWith(" INCLUDE (");
  const [included, after] = hasIncluded ? listAt(rest, " INCLUDE ".length) : [[], 0];
  const end = rest.slice(after).trim();
  const options = /^(?:NULLS NOT DISTINCT ?)?(?:WITH \((?:'[^']*'|[^')])*\))?/.exec(end)?.[0] ?? "";
  return {
    create: start,
    method,
    keys,
    included,
    options: options.trim(),
    predicate: end.slice(options.length).trim(),
  };
}

/** Reads the list in parentheses that begins at a place, and returns the place after it. */
function listAt(text: string, start: number): [entries: string[], end: number] {
  const entries: string[] = [];
  let depth = 0;
  let entry = "";
  for (const { 0: token, index } of text.slice(start).matchAll(TOKEN)) {
    if (token === ")" && depth === 1) return [[...entries, entry.trim()], start + index + 1];
    if (token === "," && depth === 1) {
      entries.push(entry.trim());
      entry = "";
    } else if (!(token === "(" && depth === 0)) entry += token;
    if (token === "(") depth++;
    if (token === ")") depth--;
  }
  return [entries, text.length];
}

/** A name in quotes, a string, or one character. A quote in a name or a string is doubled, and so is two of them. */
const TOKEN = /"[^"]*"?|E'(?:[^'\\]|\\[^])*'?|'[^']*'?|[^]/g;

function nameAtStart(entry: string): string {
  return /^(?:"(?:[^"]|"")*"|[^\s"]+)/.exec(entry)?.[0] ?? "";
}
