import { sql } from "../index.js";

/**
 * The columns that hold each value only once: those that alone are a primary key or unique, and those of which an exclusion
 * constraint excludes equal values. Source: "CREATE TABLE", `EXCLUDE`.
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
