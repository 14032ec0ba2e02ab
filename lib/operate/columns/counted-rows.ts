import { sql } from "../../index.js";

/**
 * Estimates how many rows a part of a table has had, and how many were inserted since the server's statistics began. No
 * table is read. It goes into a lateral join after `c`, the row of `pg_class`.
 *
 * Each source of the estimate misses something: ANALYZE does not see deleted rows, counters start at 0 after a crash,
 * and TRUNCATE counts no deletion. So the greater one counts. Source: "The Cumulative Statistics System"; `reltuples`
 * in "pg_class".
 */
export const rowsOfPart = sql`
  select seen.inserts, greatest(greatest(c.reltuples::numeric, seen.live) + seen.deletes, seen.inserts) as rows,
    case when c.relkind = 'p' then 'above' when c.relkind <> 'r' then 'other' when c.reltuples >= 0 then 'known'
      when seen.inserts = 0 and seen.live = 0 then 'empty' else 'unknown' end as kind
  from (
    select pg_catalog.pg_stat_get_tuples_inserted(c.oid)::numeric as inserts,
      pg_catalog.pg_stat_get_tuples_deleted(c.oid)::numeric as deletes,
      pg_catalog.pg_stat_get_live_tuples(c.oid)::numeric as live
  ) seen`;

/**
 * Aggregates the parts of a table. A table that was never analysed (-1) is unknown, but a partition without rows never
 * is, so it counts as empty if another one is known. Views and foreign tables are unknown.
 */
export const rowsOfParts = sql`
  case when bool_and(kind in ('above', 'known', 'empty')) and bool_or(kind = 'known')
    then sum(rows) filter (where kind <> 'above') end as rows,
  case when bool_and(kind <> 'other') then sum(inserts) filter (where kind <> 'above') end as inserts`;
