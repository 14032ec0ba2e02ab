import { type Sql, sql } from "../../index.js";

/**
 * Builds a query for the relations that another session has locked, or waits to lock, in one of these modes, with one
 * column `relation`. It covers this database. Every role may read this.
 */
export function lockedRelations(...modes: readonly string[]): Sql {
  return sql`
    select l.relation
    from pg_catalog.pg_locks l
    join pg_catalog.pg_database here on here.oid = l.database and here.datname = pg_catalog.current_database()
    where l.relation is not null and l.pid <> pg_catalog.pg_backend_pid()
      and l.mode in (${sql.join(modes.map((mode) => sql`${mode}`))})`;
}
