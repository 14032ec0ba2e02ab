import { type Sql, sql } from "../../index.js";
import { FIRST_OF_USERS } from "../../server/queries/late-bound-names.js";
import { refusesEqual } from "./keys-of-part.js";

/**
 * Builds an expression for the key of several columns that a column is part of, as JSON. It has the names of the other
 * columns, and of the leading ones if the index leads from one of their values to the next. It is null if the column is
 * part of no such key. Keys with expressions or conditions are left out.
 *
 * The index does so if it has the order of the server's own operators, which the statement asks for.
 *
 * @param table - with `oid` and `relkind`
 * @param number - the number of the column
 */
export function sharedKeyOf(table: Sql, number: Sql): Sql {
  return sql`(
    select json_build_object('others', others, 'leading', case when place > 1 and followed then prefix end)
    from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_am am on am.oid = c.relam
    cross join lateral (
      select max(k.place) filter (where k.number = ${number}) as place
      from unnest(i.indkey::int2[]) with ordinality k (number, place)
      where k.place <= i.indnkeyatts
    ) own
    cross join lateral (
      select array_agg(att.attname order by k.place) filter (where k.place <> own.place) as others,
        array_agg(att.attname order by k.place) filter (where k.place < own.place) as prefix,
        bool_and(
          k.flags = 0 and k.collated = att.attcollation and att.atttypid < ${FIRST_OF_USERS}::oid
          and has_column_privilege(${table}.oid, att.attnum, 'select')
        ) filter (where k.place < own.place)
          and ${table}.relkind = 'r' and am.amname = 'btree' as followed
      from unnest(i.indkey::int2[], i.indoption::int2[], i.indcollation::oid[])
        with ordinality k (number, flags, collated, place)
      join pg_catalog.pg_attribute att on att.attrelid = ${table}.oid and att.attnum = k.number
      where k.place <= i.indnkeyatts
    ) parts
    where i.indrelid = ${table}.oid and ${refusesEqual} and i.indisvalid and i.indnkeyatts > 1
      and i.indexprs is null and i.indpred is null
      and own.place is not null
    order by place = 1 or followed desc, place
    limit 1
  )`;
}
