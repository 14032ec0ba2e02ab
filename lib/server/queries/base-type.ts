import { type Sql, sql } from "../../index.js";

/**
 * Builds an expression for the base type of a type, as the server writes it. The base of a domain, or of a domain over
 * domains, is the type below it; any other type is its own base.
 */
export function baseTypeOf(type: Sql, modifier: Sql): Sql {
  return sql`(
    with recursive layers as (
      select ${type} as type, ${modifier} as modifier, 0 as depth
      union all
      select d.typbasetype, d.typtypmod, layers.depth + 1
      from layers
      join pg_catalog.pg_type d on d.oid = layers.type and d.typtype = 'd'
    )
    select pg_catalog.format_type(type, modifier) from layers order by depth desc limit 1
  )`;
}
