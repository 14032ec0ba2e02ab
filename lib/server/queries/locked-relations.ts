import { type Sql, sql } from "../../index.js";

/**
 * Builds a query for the relations that another session has locked, or waits to lock, in one of these modes, with one
 * column `relation`. It covers this database. Every role may read this.
 *
 * A lock that waits for one of this session's does not count: the server lets the session pass it. Source: "Explicit
 * Locking".
 */
export function lockedRelations(...modes: readonly string[]): Sql {
  return sql`
    select l.relation
    from pg_catalog.pg_locks l
    join pg_catalog.pg_database here on here.oid = l.database and here.datname = pg_catalog.current_database()
    where l.relation is not null and l.pid <> pg_catalog.pg_backend_pid()
      and l.mode in (${sql.join(modes.map((mode) => sql`${mode}`))})
      and (l.granted or not exists (
        select from pg_catalog.pg_locks own
        where own.pid = pg_catalog.pg_backend_pid() and own.relation = l.relation and own.database = l.database
          and own.granted and own.mode not in ('AccessShareLock', 'RowShareLock')
      ))`;
}
