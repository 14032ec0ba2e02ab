import { type Sql, sql } from "../index.js";

/** What a type is made of as the server writes it, be it a domain of domains, as an expression; else the type itself. */
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
