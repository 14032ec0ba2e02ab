import { type Sql, sql } from "../../index.js";

/**
 * The role that has logged in. `session_user` is another role after SET SESSION AUTHORIZATION, which code of that role
 * can take back.
 */
const loggedIn = sql`(select a.usesysid from pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a)`;

/**
 * Whether an owner's code must not run if the reader is powerful: the owner is neither a superuser, nor the role that
 * has logged in, nor trusted. The current role does not count, because the owner of a database can set it for every
 * session.
 */
export function isOther(owner: Sql, trusted: readonly string[]): Sql {
  const named =
    trusted.length === 0 ? sql`false` : sql`o.rolname in (${sql.join(trusted.map((role) => sql`${role}::text`))})`;
  return sql`not exists (
    select from pg_catalog.pg_roles o
    where o.oid = ${owner} and (o.rolsuper or o.oid = ${loggedIn} or ${named})
  )`;
}

/**
 * Whether the reader could do harm, because code that it runs may become superuser. Code can return to the role that
 * has logged in, and to every role that this role is a member of. Roles that can run programs, or read and write files
 * of the server, can become superuser. Before PostgreSQL 16, so can roles with CREATEROLE, because they can join those
 * roles.
 */
export const isPowerful = sql`exists (
  select from pg_catalog.pg_roles r, pg_catalog.pg_roles power
  where (r.rolname in (current_user, session_user) or r.oid = ${loggedIn})
    and (
      power.rolsuper
      or power.rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
      or power.rolcreaterole and current_setting('server_version_num')::int < 160000
    )
    and pg_catalog.pg_has_role(r.oid, power.oid, 'member')
)`;

/**
 * The owner of a schema. For `pg_database_owner` it is the owner of the database.
 *
 * @param schema - the row of the schema, with `nspowner`
 */
export function ownerOfSchema(schema: Sql): Sql {
  return roleBehind(sql`${schema}.nspowner`);
}

/** The role itself. For `pg_database_owner` it is the owner of the database. */
export function roleBehind(role: Sql): Sql {
  return sql`(
    select case when r.rolname = 'pg_database_owner' then d.datdba else r.oid end
    from pg_catalog.pg_roles r, pg_catalog.pg_database d
    where r.oid = ${role} and d.datname = current_database()
  )`;
}

/** Prevents all schemas from being renamed until the transaction ends. Needs a superuser. */
export const holdSchemas = sql`lock table pg_catalog.pg_namespace in share mode nowait`;

/**
 * Whether a name that was just resolved may lead to others' code a moment later, because the owner of the schema can
 * rename it. False for a reader that is not powerful, and after `holdSchemas` has run.
 *
 * @param schema - the name of the schema
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
