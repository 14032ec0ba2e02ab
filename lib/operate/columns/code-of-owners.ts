import { type Sql, sql } from "../../index.js";
import { isOther, isPowerful, ownerOfSchema } from "../../server/queries/powerful-reader.js";
import { readDocument, type Source } from "../../server/read-json.js";

/**
 * Reading a table runs code of its owner as the role that reads. While it plans, the server evaluates immutable
 * functions in index predicates, index expressions, partition keys, check constraints and statistics. No setting
 * prevents that. So a role that could do harm on the server reads only what is safe. See
 * docs/internals/reading-as-superuser.md.
 */

/**
 * Returns the role whose code may run if this relation is read; null if there is none. The owner of a view's schema can
 * replace the view. For a table the statement that reads checks this itself, see `isSameTable`.
 *
 * @param relation - with `relowner` and `relkind`
 * @param schema - with `nspowner`
 */
export function otherOwner(relation: Sql, schema: Sql, trusted: readonly string[]): Sql {
  const schemaOwner = ownerOfSchema(schema);
  return sql`case
    when not ${isPowerful} then null
    when ${isOther(sql`${relation}.relowner`, trusted)} then ${relation}.relowner
    when ${relation}.relkind not in ('r', 'p') and ${isOther(schemaOwner, trusted)} then ${schemaOwner}
  end`;
}

/** Whether the reader may lock a table, so its owner cannot add code after the check. */
export const mayHold = sql`(
  not pg_catalog.pg_is_in_recovery()
  and exists (select from pg_catalog.pg_roles r where r.rolname = current_user and r.rolsuper)
)`;

/**
 * Whether planning a read of this relation evaluates a function, an operator or a type that is not built in. They are
 * found in `pg_depend`, which has no dependencies on objects that initdb has made.
 */
export function hasOwnCode(relation: Sql): Sql {
  const depends = (classOfObject: Sql, objects: Sql) => sql`exists (
    select from ${objects} part (id)
    join pg_catalog.pg_depend d on d.classid = ${classOfObject}::regclass and d.objid = part.id and d.objsubid = 0
    where d.refclassid in (
      'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass, 'pg_catalog.pg_type'::regclass
    )
  )`;
  const indexes = sql`(select i.indexrelid from pg_catalog.pg_index i where i.indrelid = ${relation})`;
  const constraints = sql`(select x.oid from pg_catalog.pg_constraint x where x.conrelid = ${relation})`;
  const statistics = sql`(select e.oid from pg_catalog.pg_statistic_ext e where e.stxrelid = ${relation})`;
  return sql`(
    ${depends(sql`'pg_catalog.pg_class'`, sql`(values (${relation}))`)}
    or ${depends(sql`'pg_catalog.pg_class'`, indexes)}
    or ${depends(sql`'pg_catalog.pg_constraint'`, constraints)}
    or ${depends(sql`'pg_catalog.pg_statistic_ext'`, statistics)}
  )`;
}

/**
 * Returns the OIDs of the tables for which the server evaluates something while it plans a read: of theirs, or of one
 * of their partitions. Built-in functions count, because some take hours.
 */
export async function readTablesWithCode(
  db: Source,
  tables: readonly { readonly oid: string; readonly alone: boolean }[],
): Promise<ReadonlySet<string>> {
  const roots = sql.join(tables.map(({ oid, alone }) => sql`(${oid}::oid, ${alone}::boolean)`));
  const withCode = await readDocument<readonly string[]>(
    db,
    sql`
      with recursive tree (root, relation, alone) as (
        select root, root, alone from (values ${roots}) as roots (root, alone)
        union
        select tree.root, i.inhrelid, false
        from tree
        join pg_catalog.pg_inherits i on i.inhparent = tree.relation
        where not tree.alone
      )
      select coalesce(json_agg(distinct tree.root::text), '[]')::text as document
      from tree
      join pg_catalog.pg_class c on c.oid = tree.relation
      where c.relkind not in ('r', 'p')
        or exists (
          select from pg_catalog.pg_index i
          where i.indrelid = c.oid and (i.indpred is not null or i.indexprs is not null)
        )
        or exists (select from pg_catalog.pg_constraint x where x.conrelid = c.oid and x.contype = 'c')
        or exists (select from pg_catalog.pg_statistic_ext e where e.stxrelid = c.oid and e.stxexprs is not null)
        or exists (
          select from pg_catalog.pg_partitioned_table p where p.partrelid = c.oid and p.partexprs is not null
        )`,
  );
  return new Set(withCode);
}
