import { sql, type Splice, type Sql } from "../index.js";
import { asTemplate, refuseTooManyParameters } from "../internal.js";

/**
 * Makes a fragment of a query that another library built: the text around its values, and the values. They pass the
 * same checks as a template in source code.
 */
export function fragmentOf(pieces: readonly string[], values: readonly unknown[]): Sql {
  // A call takes about as many arguments as a statement takes parameters.
  refuseTooManyParameters(values.length);
  return sql(asTemplate([...pieces]), ...(values as Splice[]));
}
