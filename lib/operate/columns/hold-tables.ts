import { type Sql, sql } from "../../index.js";
import { storedIdentifier } from "../../internal.js";
import { isOther } from "../../server/queries/powerful-reader.js";
import { hasOwnCode } from "./code-of-owners.js";
import type { FedColumn } from "./fed-columns.js";

/**
 * Whether a column may be read only while its tables are locked, because their owners could add code after the check.
 */
export function mustBeHeld({ others }: FedColumn): boolean {
  return others;
}

/**
 * Locks the tables of columns, so their owners cannot add an index, a constraint, statistics or a child. Then fails if
 * they have changed: each must be the same table, with nothing that runs its owner's code.
 *
 * The lock does not block reading or writing. It does not wait for a table that is being vacuumed or altered, because a
 * waiting lock makes autovacuum give up.
 */
export function holdTables(columns: readonly FedColumn[], trusted: readonly string[], wait = false): Sql[] {
  const tables = columns.filter(mustBeHeld).map(({ source }) => source);
  if (tables.length === 0) return [];
  const names = sql.join(
    tables.map(({ schema, table, alone }) => sql`${alone ? sql`only ` : sql.empty}${storedIdentifier(schema, table)}`),
  );
  const roots = sql.join(
    tables.map(
      ({ schema, table, oid, alone }) =>
        sql`(${storedIdentifier(schema, table).text}::text, ${oid}::text::oid, ${alone}::boolean)`,
    ),
  );
  return [
    sql`lock table ${names} in share update exclusive mode${wait ? sql.empty : sql` nowait`}`,
    sql`
      with recursive held (name, relation, alone) as (
        select name, relation, alone from (values ${roots}) as roots (name, relation, alone)
        union
        select held.name, i.inhrelid, false
        from held
        join pg_catalog.pg_inherits i on i.inhparent = held.relation
        where not held.alone
      ), locked as materialized (
        -- When it was locked, the name may have referred to another table.
        select l.relation
        from pg_catalog.pg_locks l
        where l.pid = pg_backend_pid() and l.granted and l.mode = 'ShareUpdateExclusiveLock' and l.relation is not null
      )
      select case when held.relation not in (select relation from locked) or (
        ${isOther(sql`c.relowner`, trusted)} and (c.relkind not in ('r', 'p') or ${hasOwnCode(sql`c.oid`)})
      ) then (held.name || ' was changed while it was looked at')::int end
      from held
      left join pg_catalog.pg_class c on c.oid = held.relation`,
  ];
}
