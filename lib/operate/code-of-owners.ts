import { type Sql, sql } from "../index.js";

/**
 * Reading a table runs code of its owner as the role that reads: the server evaluates immutable functions in index predicates,
 * index expressions, partition keys, check constraints and statistics while it plans. No setting prevents that. So a role that
 * could do harm on the server reads only what is safe. See docs/internals/reading-as-superuser.md.
 */

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

/**
 * The role whose code a read of this relation may run; null if there is none. Who owns the schema of a view can put another
 * view in its place. For a table the statement that reads makes sure of that, see `isSameTable`.
 *
 * @param relation with `relowner` and `relkind`
 * @param schema with `nspowner`
 */
export function otherOwner(relation: Sql, schema: Sql, trusted: readonly string[]): Sql {
  const schemaOwner = sql`(
    select case when r.rolname = 'pg_database_owner' then d.datdba else r.oid end
    from pg_catalog.pg_roles r, pg_catalog.pg_database d
    where r.oid = ${schema}.nspowner and d.datname = current_database()
  )`;
  return sql`case
    when not ${isPowerful} then null
    when ${isOther(sql`${relation}.relowner`, trusted)} then ${relation}.relowner
    when ${relation}.relkind not in ('r', 'p') and ${isOther(schemaOwner, trusted)} then ${schemaOwner}
  end`;
}

/** Whether the reader may hold a table, so that its owner adds no code after the check. */
export const mayHold = sql`(
  not pg_catalog.pg_is_in_recovery()
  and exists (select from pg_catalog.pg_roles r where r.rolname = current_user and r.rolsuper)
)`;

/**
 * Whether planning a read of this relation evaluates something that is not of the server's own: a function, an operator or a
 * type that `pg_depend` knows. Dependencies on what initdb has made are not recorded.
 */
export function hasOwnCode(relation: Sql): Sql {
  const depends = (classOfObject: Sql, objects: Sql) => sql`exists (
    select from ${objects} part (id)
    join pg_catalog.pg_depend d on d.classid = ${classOfObject}::regclass and d.objid = part.id and d.objsubid = 0
    where d.refclassid in ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass, 'pg_catalog.pg_type'::regclass)
  )`;
  return sql`(
    ${depends(sql`'pg_catalog.pg_class'`, sql`(values (${relation}))`)}
    or ${depends(sql`'pg_catalog.pg_class'`, sql`(select i.indexrelid from pg_catalog.pg_index i where i.indrelid = ${relation})`)}
    or ${depends(sql`'pg_catalog.pg_constraint'`, sql`(select x.oid from pg_catalog.pg_constraint x where x.conrelid = ${relation})`)}
    or ${depends(sql`'pg_catalog.pg_statistic_ext'`, sql`(select e.oid from pg_catalog.pg_statistic_ext e where e.stxrelid = ${relation})`)}
  )`;
}
