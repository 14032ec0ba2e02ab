import { sql } from "../../index.js";

/**
 * A CTE that estimates how many rows a table has had, with its partitions, and how many were inserted since the
 * server's statistics began. It needs the CTE `trees`; the result is `counted`, by `relation`. No table is read.
 *
 * Each source of the estimate misses something: ANALYZE does not see deleted rows, counters start at 0 after a crash,
 * and TRUNCATE counts no deletion. So the greater one counts. A table that was never analysed (-1) is unknown, but a
 * partition without rows never is, so it counts as empty if another one is known. Views and foreign tables are unknown.
 * Source: "The Cumulative Statistics System"; `reltuples` in "pg_class".
 */
export const countedRows = sql`
    counted as materialized (
      select relation,
        case when bool_and(kind in ('known', 'empty')) and bool_or(kind = 'known') then sum(rows) end as rows,
        case when bool_and(kind <> 'other') then sum(inserts) end as inserts
      from (
        select part.relation, counters.inserts,
          greatest(greatest(c.reltuples::numeric, counters.live) + counters.deletes, counters.inserts) as rows,
          case when c.relkind <> 'r' then 'other' when c.reltuples >= 0 then 'known'
            when counters.inserts = 0 and counters.live = 0 then 'empty' else 'unknown' end as kind
        from (select distinct relation, part from trees) part
        join pg_catalog.pg_class c on c.oid = part.part and c.relkind <> 'p'
        cross join lateral (
          select pg_catalog.pg_stat_get_tuples_inserted(c.oid)::numeric as inserts,
            pg_catalog.pg_stat_get_tuples_deleted(c.oid)::numeric as deletes,
            pg_catalog.pg_stat_get_live_tuples(c.oid)::numeric as live
        ) counters
      ) parts_of
      group by relation
    )`;
