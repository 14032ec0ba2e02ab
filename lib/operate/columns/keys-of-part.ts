import { sql } from "../../index.js";

/** Whether an index, or its exclusion constraint, refuses equal values and no others. */
export const refusesEqual = sql`(
  i.indisunique or i.indisexclusion and not exists (
    select from pg_catalog.pg_constraint x
    cross join lateral unnest(x.conexclop) as used (operator)
    join pg_catalog.pg_operator o on o.oid = used.operator and o.oprname <> '='
    where x.conindid = i.indexrelid
  )
)`;

const isKey = sql`array_position((i.indkey::int2[])[0:i.indnkeyatts - 1], att.attnum) is not null`;

const isComputedFrom = sql`(
  i.indexprs is not null and exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = i.indexrelid
      and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = i.indrelid and d.refobjsubid = att.attnum
  )
  or exists (
    select from made
    where made.relation = i.indrelid and made.number = att.attnum
      and made.generated = any((i.indkey::int2[])[0:i.indnkeyatts - 1])
  )
)`;

/**
 * Aggregates over the indexes of one part of a table, for one of its columns:
 *
 * - `single`: whether the part holds each value of the column only once, by a key of this column alone;
 * - `partial_key`: an index that does so for some rows, because of a condition, of an expression beside the column, or
 *   because only this partition has it;
 * - `computed_key`: an index that refuses values by an expression of the column, or by an operator other than `=`.
 *
 * The rows alone do not tell which values the last two refuse, and the condition or the expression is not evaluated. It
 * goes where `i` is the index, `c` its row of `pg_class`, `att` the column, `t.part` the part and `t.relation` the
 * table, beside `made` of `generatedFrom`.
 */
export const keysOfPart = sql`
  coalesce(
    bool_or(
      i.indnkeyatts = 1 and i.indpred is null and ${refusesEqual} and ${isKey}
      and (i.indisvalid or c.relkind = 'i')
    ), false
  ) as single,
  min(c.relname::text collate "C") filter (
    where ${refusesEqual} and ${isKey}
      and (i.indpred is not null or i.indexprs is not null or t.part <> t.relation and not c.relispartition)
  ) as partial_key,
  min(c.relname::text collate "C") filter (
    where (i.indisunique or i.indisexclusion)
      and case when ${isKey} then not ${refusesEqual} else ${isComputedFrom} end
  ) as computed_key`;
