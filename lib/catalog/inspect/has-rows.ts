import { type Sql, sql } from "../../index.js";

/**
 * Whether a table has rows, or had some. A partitioned table has the rows of its partitions. A view or a foreign table
 * counts as one with rows.
 *
 * No row is read. The server needs a lock to return the size of a table. So a table that another session has locked
 * exclusively counts as one with rows, and the statistics are asked first.
 *
 * @param table - its row of `pg_class`
 */
export function hasRows(table: Sql): Sql {
  return sql`
  case ${table}.relkind when 'r' then ${hasBlocks(table)} when 'p' then exists (
    with recursive parts as (
      select i.inhrelid as oid from pg_catalog.pg_inherits i where i.inhparent = ${table}.oid
      union all
      select i.inhrelid from parts join pg_catalog.pg_inherits i on i.inhparent = parts.oid
    )
    select from parts
    join pg_catalog.pg_class part on part.oid = parts.oid
    where case part.relkind when 'p' then false when 'r' then ${hasBlocks(sql`part`)} else true end
  ) else true end`;
}

function hasBlocks(table: Sql): Sql {
  return sql`
    case when ${table}.relpages > 0 or pg_catalog.pg_stat_get_tuples_inserted(${table}.oid) > 0 then true
    when ${table}.oid = any(array(
      select l.relation from pg_catalog.pg_locks l
      where l.mode = 'AccessExclusiveLock' and l.relation is not null and l.pid <> pg_catalog.pg_backend_pid()
    )) then true
    else pg_catalog.pg_relation_size(${table}.oid) > 0 end`;
}
