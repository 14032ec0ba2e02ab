import { type Sql, sql } from "../../index.js";
import { expressionText } from "../../server/queries/expression-text.js";
import { generatedFrom } from "../../server/queries/generated-columns.js";

/** Matches a default that passes each drawn value to its column unchanged. The server does not show implicit casts. */
const PLAIN = "^nextval[(]([(]'([^']|'')+'::(text|character varying)[)]|'([^']|'')+')::regclass[)]$";

/**
 * Whether something may refuse values of a column that its type holds: a check constraint of the table or of the
 * column's domain, a foreign key, the bounds of partitions, a generated column that uses the column, or a default that
 * does more than draw. `t` is the table's row of `pg_class`, `att` the column's of `pg_attribute`, `type` that of its
 * type.
 *
 * The text of a default is requested without its table: with the table, the server waits for sessions that have it
 * locked. It is requested only if the default is not a bare call of `nextval`, which is 1574.
 */
export const isChecked: Sql = sql`(
  (t.oid, att.attnum) in (
    select c.conrelid, pg_catalog.unnest(c.conkey)
    from pg_catalog.pg_constraint c
    where c.contype in ('c', 'f') and c.conrelid <> 0
    union all
    select p.partrelid, pg_catalog.unnest(p.partattrs::pg_catalog.int2[])
    from pg_catalog.pg_partitioned_table p
    where p.partstrat <> 'h'
    union all
    select relation, number from (${generatedFrom}) made
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
  or case
    when att.attidentity <> '' then false
    when att.atthasdef then (
      select a.adbin::text not like '{FUNCEXPR :funcid 1574 %'
        and coalesce(${expressionText(sql`a.adbin`)} !~ ${PLAIN}, true)
      from pg_catalog.pg_attrdef a
      where a.adrelid = t.oid and a.adnum = att.attnum
    )
    when type.typdefaultbin is not null then coalesce(${expressionText(sql`type.typdefaultbin`)} !~ ${PLAIN}, true)
    else false
  end
)`;
