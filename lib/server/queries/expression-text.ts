import { type Sql, sql } from "../../index.js";

/** More nodes than any hand-written default has. Each needs about 1 kB of the server's stack, which is often 2 MB. */
const MAX_NODES = 300;

/**
 * Builds an expression for the text of a stored expression. It is null if the stored expression names columns, or is so
 * large that the server may not be able to write it. The owner of a table could nest a default so deeply that the
 * server stores it, but fails with 54001 when asked for its text.
 */
export function expressionText(expression: Sql): Sql {
  const nodes = sql`${expression}::pg_catalog.text`;
  return sql`case
    when ${nodes} like '%{VAR %' then null
    when pg_catalog.length(${nodes}) - pg_catalog.length(pg_catalog.replace(${nodes}, '{', ''))
      > ${`${MAX_NODES}`}::pg_catalog.int4 then null
    else pg_catalog.pg_get_expr(${expression}, 0)
  end`;
}
