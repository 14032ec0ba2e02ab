import { type Sql, sql } from "../index.js";

/**
 * Whether something may refuse values of a column that its type holds: a check constraint of the table or of the column's domain, or
 * the bounds of partitions. `t` is the table's row of `pg_class`, `att` the column's of `pg_attribute`.
 */
export const isChecked: Sql = sql`(
  (t.oid, att.attnum) in (
    select c.conrelid, pg_catalog.unnest(c.conkey) from pg_catalog.pg_constraint c where c.contype = 'c' and c.conrelid <> 0
    union all
    select p.partrelid, pg_catalog.unnest(p.partattrs::pg_catalog.int2[])
    from pg_catalog.pg_partitioned_table p
    where p.partstrat <> 'h'
  )
  or t.oid in (select p.partrelid from pg_catalog.pg_partitioned_table p where p.partexprs is not null)
  or att.atttypid in (
    with recursive checked as (
      select c.contypid as oid from pg_catalog.pg_constraint c where c.contype = 'c' and c.contypid <> 0
      union
      select d.oid from checked join pg_catalog.pg_type d on d.typbasetype = checked.oid and d.typtype = 'd'
    )
    select oid from checked
  )
)`;
