import { sql, type Splice, type Sql } from "../index.js";
import { asTemplate, refuseTooManyParameters } from "../internal.js";

/**
 * A fragment of what a host made: the text around its values, and the values. It passes the same gate as a template in
 * somebody's source.
 */
export function fragmentOf(pieces: readonly string[], values: readonly unknown[]): Sql {
  // A call takes about as many arguments as a statement takes parameters.
  refuseTooManyParameters(values.length);
  return sql(asTemplate([...pieces]), ...(values as Splice[]));
}
