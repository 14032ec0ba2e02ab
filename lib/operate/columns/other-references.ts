import { sql } from "../../index.js";
import { hasFixedType } from "../../server/column-type.js";
import { storedColumn } from "../../server/stored-column.js";

/**
 * CTEs that find the foreign keys to a column, those to their columns, and so on, if one of them may hold less than the
 * column that it refers to. They need the CTE `trees`; the result is `refs`, with a list of `columns` by `root` and
 * `root_number`.
 *
 * It begins with the keys that may be narrower, which are few, and follows them in both directions. A foreign key of or
 * to a partitioned table also has a constraint for each partition. Those have a parent, and say nothing more.
 */
export const otherReferences = sql`
    foreign_keys as materialized (
      select x.conrelid, x.confrelid, key.own, key.other
      from pg_catalog.pg_constraint x
      cross join lateral unnest(x.conkey, x.confkey) as key (own, other)
      where x.contype = 'f' and x.conparentid = 0
    ), referring as (
      select f.conrelid as relation, f.own as number, f.confrelid as above, f.other as above_number
      from foreign_keys f
      join pg_catalog.pg_attribute own on own.attrelid = f.conrelid and own.attnum = f.own
      join pg_catalog.pg_attribute key on key.attrelid = f.confrelid and key.attnum = f.other
      where (own.atttypid, own.atttypmod) <> (key.atttypid, key.atttypmod)
        -- A bigint holds all values, and an integer those of a smallint.
        and own.atttypid <> 20 and not (own.atttypid = 23 and key.atttypid = 21)
      union
      select case when f.confrelid = r.relation and f.other = r.number then f.conrelid else r.relation end,
        case when f.confrelid = r.relation and f.other = r.number then f.own else r.number end,
        case when f.conrelid = r.above and f.own = r.above_number then f.confrelid else r.above end,
        case when f.conrelid = r.above and f.own = r.above_number then f.other else r.above_number end
      from referring r
      join foreign_keys f on f.confrelid = r.relation and f.other = r.number
        or f.conrelid = r.above and f.own = r.above_number
    ), refs as materialized (
      select found.root, found.root_number, json_agg(json_build_object(
        ${storedColumn(sql`n`, sql`c`, sql`att`, sql`type`)},
        'kind', c.relkind, 'fixedType', ${hasFixedType(sql`c`, sql`att`)}
      ) order by n.nspname, c.relname, att.attnum) as columns
      from (
        select distinct t.relation as root, t.number as root_number, r.relation, r.number
        from referring r
        join pg_catalog.pg_attribute key on key.attrelid = r.above and key.attnum = r.above_number
        join trees t on t.part = r.above and t.attname = key.attname
      ) found
      join pg_catalog.pg_attribute att on att.attrelid = found.relation and att.attnum = found.number
      join pg_catalog.pg_type type on type.oid = att.atttypid
      join pg_catalog.pg_class c on c.oid = found.relation
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      group by found.root, found.root_number
    )`;
