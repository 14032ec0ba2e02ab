import type postgres from "postgres";
import type { Parse } from "../../handle/values/array-text.js";
import { parseBytes } from "./bytes-text.js";
import { parseDate } from "./date-text.js";

/**
 * Types for which the driver's own parser (postgres.js 3.4.9) silently changes values, with that parser and ours. A
 * parser of the user is kept.
 */
const CORRECTED: readonly (readonly [type: number, driver: string, ours: Parse])[] = [
  [17, "x => Buffer.from(x.slice(2), 'hex')", parseBytes],
  [1082, "x => new Date(x)", parseDate],
  [1114, "x => new Date(x)", parseDate],
  [1184, "x => new Date(x)", parseDate],
];

/**
 * Returns a function that returns the client's own parser of a type. The driver's array parsers, from `fetch_types`, do
 * not count.
 */
export function readerOf({ options }: Pick<postgres.Sql, "options">): (type: number) => Parse | undefined {
  const parsers = options.parsers as { readonly [type: number]: (Parse & { readonly array?: boolean }) | undefined };
  const corrected = new Map<Parse, Parse>();
  for (const [type, driver, ours] of CORRECTED) {
    const parser = parsers[type];
    if (parser !== undefined && String(parser) === driver) corrected.set(parser, ours);
  }
  return (type) => {
    const parser = parsers[type];
    if (parser === undefined || parser.array === true) return undefined;
    return corrected.get(parser) ?? parser;
  };
}
