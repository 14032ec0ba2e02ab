import { type Sql, sql } from "../index.js";

/** More nodes than a default has that somebody wrote. Each takes the server about 1 kB of its stack, which often is 2 MB. */
const MAX_NODES = 300;

/**
 * The text of a stored expression; null if it names columns, or if it is so large that the server may not be able to write it.
 * Whoever owns a table could make its default so deep that the server stores it, and fails with 54001 when asked for its text.
 */
export function expressionText(expression: Sql): Sql {
  const nodes = sql`${expression}::pg_catalog.text`;
  return sql`case
    when ${nodes} like '%{VAR %' then null
    when pg_catalog.length(${nodes}) - pg_catalog.length(pg_catalog.replace(${nodes}, '{', '')) > ${`${MAX_NODES}`}::pg_catalog.int4 then null
    else pg_catalog.pg_get_expr(${expression}, 0)
  end`;
}
