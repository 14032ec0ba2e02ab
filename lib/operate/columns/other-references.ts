import { sql } from "../../index.js";
import { hasFixedType } from "../../server/column-type.js";
import { storedColumn } from "../../server/stored-column.js";

/**
 * CTEs that find the foreign keys to a column, those to their columns, and so on, as far as their columns have another
 * type. They need the CTE `trees`; the result is `refs`, with a list of `columns` by `root` and `root_number`.
 *
 * A foreign key of or to a partitioned table also has a constraint for each partition. Those have a parent, and say
 * nothing more.
 */
export const otherReferences = sql`
    foreign_keys as materialized (
      select x.conrelid, x.confrelid, key.own, key.other
      from pg_catalog.pg_constraint x
      cross join lateral unnest(x.conkey, x.confkey) as key (own, other)
      where x.contype = 'f' and x.conparentid = 0
    ), referring as (
      select t.relation as root, t.number as root_number, f.conrelid as relation, f.own as number
      from trees t
      join pg_catalog.pg_attribute att on att.attrelid = t.part and att.attname = t.attname
      join foreign_keys f on f.confrelid = t.part and f.other = att.attnum
      union
      select r.root, r.root_number, f.conrelid, f.own
      from referring r
      join foreign_keys f on f.confrelid = r.relation and f.other = r.number
    ), refs as materialized (
      select r.root, r.root_number, json_agg(json_build_object(
        ${storedColumn(sql`n`, sql`c`, sql`att`, sql`type`)},
        'kind', c.relkind, 'fixedType', ${hasFixedType(sql`c`, sql`att`)}
      ) order by n.nspname, c.relname, att.attnum) as columns
      from referring r
      join pg_catalog.pg_attribute key on key.attrelid = r.root and key.attnum = r.root_number
      join pg_catalog.pg_attribute att on att.attrelid = r.relation and att.attnum = r.number
        and (att.atttypid, att.atttypmod) <> (key.atttypid, key.atttypmod)
      join pg_catalog.pg_type type on type.oid = att.atttypid
      join pg_catalog.pg_class c on c.oid = r.relation
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      group by r.root, r.root_number
    )`;
