import { type Sql, sql } from "../index.js";

/**
 * The relations of this database that another session has locked, or waits to lock, in one of these modes: a query of one column
 * `relation`. Every role may read that.
 */
export function lockedRelations(...modes: readonly string[]): Sql {
  return sql`
    select l.relation
    from pg_catalog.pg_locks l
    join pg_catalog.pg_database here on here.oid = l.database and here.datname = pg_catalog.current_database()
    where l.relation is not null and l.pid <> pg_catalog.pg_backend_pid() and l.mode in (${sql.join(modes.map((mode) => sql`${mode}`))})`;
}
