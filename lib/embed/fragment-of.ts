import { sql, type Splice, type Sql } from "../index.js";

/**
 * A fragment of what a host made: the text around its values, and the values. It passes the same gate as a template in
 * somebody's source.
 */
export function fragmentOf(pieces: readonly string[], values: readonly unknown[]): Sql {
  const strings = Object.defineProperty([...pieces], "raw", { value: Object.freeze([...pieces]) });
  return sql(Object.freeze(strings) as unknown as TemplateStringsArray, ...(values as Splice[]));
}
