import { sql } from "../../index.js";
import { generatedFrom } from "./generated-columns.js";

/**
 * Selects the columns that hold each value only once: a primary key or unique column, or one whose equal values an
 * exclusion constraint excludes. Keys of several columns do not count. Source: "CREATE TABLE", `EXCLUDE`.
 */
export const singleKeys = sql`
  select i.indrelid as relation, i.indkey[0] as number
  from pg_catalog.pg_index i
  where i.indisunique and i.indnkeyatts = 1
  union
  select x.conrelid, x.conkey[1]
  from pg_catalog.pg_constraint x
  join pg_catalog.pg_operator o on o.oid = x.conexclop[1] and o.oprname = '='
  where x.contype = 'x' and cardinality(x.conexclop) = 1`;

/**
 * Selects the columns that hold each value only once for the same values of other columns, as `id` in
 * `unique (tenant, id)`. Includes the columns that a unique expression, or a generated column of a key, is computed
 * from.
 */
export const sharedKeys = sql`
  select i.indrelid as relation, key.number
  from pg_catalog.pg_index i
  cross join lateral pg_catalog.unnest(i.indkey::pg_catalog.int2[]) with ordinality key(number, place)
  where i.indisunique and i.indnkeyatts > 1 and key.place <= i.indnkeyatts
  union
  select d.refobjid, d.refobjsubid::pg_catalog.int2
  from pg_catalog.pg_index i
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = i.indexrelid
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = i.indrelid and d.refobjsubid > 0
  where (i.indisunique or i.indisexclusion) and i.indexprs is not null
  union
  select x.conrelid, key.number
  from pg_catalog.pg_constraint x
  cross join lateral (select pg_catalog.unnest(x.conkey) as number, pg_catalog.unnest(x.conexclop) as operator) key
  join pg_catalog.pg_operator o on o.oid = key.operator and o.oprname = '='
  where x.contype = 'x' and pg_catalog.cardinality(x.conexclop) > 1
  union
  select made.relation, made.number
  from (${generatedFrom}) made
  where (made.relation, made.generated) in (
    select i.indrelid, pg_catalog.unnest(i.indkey::pg_catalog.int2[])
    from pg_catalog.pg_index i
    where i.indisunique or i.indisexclusion
  )`;
