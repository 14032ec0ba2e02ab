import { type Sql, sql } from "../index.js";

/**
 * Whether the code of an owner must not run if the reader is powerful: the owner is neither a superuser, nor the role that has logged
 * in, nor trusted. The current role counts for nothing: the owner of a database may set it for every session.
 */
export function isOther(owner: Sql, trusted: readonly string[]): Sql {
  const named =
    trusted.length === 0 ? sql`false` : sql`o.rolname in (${sql.join(trusted.map((role) => sql`${role}`))})`;
  return sql`not exists (
    select from pg_catalog.pg_roles o
    where o.oid = ${owner} and (o.rolsuper or o.rolname = session_user or ${named})
  )`;
}

/**
 * Whether the reader could do harm: its code may become superuser. Code can go back to the role that has logged in, and to every role
 * that this one is a member of. Roles that may run programs, or read and write files of the server, become superuser by that; before
 * PostgreSQL 16, so do those with CREATEROLE, who may join them.
 */
export const isPowerful = sql`exists (
  select from pg_catalog.pg_roles r, pg_catalog.pg_roles power
  where r.rolname in (current_user, session_user)
    and (
      power.rolsuper
      or power.rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
      or power.rolcreaterole and current_setting('server_version_num')::int < 160000
    )
    and pg_catalog.pg_has_role(r.oid, power.oid, 'member')
)`;

/** Who owns a schema, which for `pg_database_owner` is who owns the database. @param schema with `nspowner` */
export function ownerOfSchema(schema: Sql): Sql {
  return sql`(
    select case when r.rolname = 'pg_database_owner' then d.datdba else r.oid end
    from pg_catalog.pg_roles r, pg_catalog.pg_database d
    where r.oid = ${schema}.nspowner and d.datname = current_database()
  )`;
}

/** Keeps all schemas from being renamed until the transaction ends. It takes a superuser. */
export const holdSchemas = sql`lock table pg_catalog.pg_namespace in share mode nowait`;

/**
 * Whether a name that has just led to something may lead elsewhere a moment later, to code of others: who owns the schema can rename
 * it. False for a reader that is not powerful, and once `holdSchemas` has run.
 *
 * @param schema its name
 */
export function mayBeSwapped(schema: Sql): Sql {
  const owner = ownerOfSchema(sql`place`);
  return sql`(
    ${isPowerful}
    and exists (select from pg_catalog.pg_namespace place where place.nspname = ${schema} and ${isOther(owner, [])})
    and not exists (
      select from pg_catalog.pg_locks held
      where held.relation = 'pg_catalog.pg_namespace'::regclass and held.pid = pg_catalog.pg_backend_pid()
        and held.granted and held.mode = 'ShareLock'
    )
  )`;
}
