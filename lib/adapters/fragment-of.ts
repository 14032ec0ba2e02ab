import { NextvalError, sql, type Splice, type Sql } from "../index.js";

/**
 * A fragment of what a host made: the text around its values, and the values. It passes the same gate as a template in
 * somebody's source.
 */
export function fragmentOf(pieces: readonly string[], values: readonly unknown[]): Sql {
  if (values.length > 65_533) {
    const problem = `a statement takes at most 65,533 parameters, this one has ${values.length}; pass arrays`;
    throw new NextvalError("INVALID_TEMPLATE", problem);
  }
  const strings = Object.defineProperty([...pieces], "raw", { value: Object.freeze([...pieces]) });
  return sql(Object.freeze(strings) as unknown as TemplateStringsArray, ...(values as Splice[]));
}
