import { type Sql, sql, type Transaction } from "../../index.js";
import { readDocument } from "../../server/read-json.js";
import type { ForeignKey, Relation } from "./facts.js";

/** Builds a list of OIDs. */
export function oidsOf(oids: readonly string[]): Sql {
  return sql.join(oids.map((oid) => sql`${oid}::oid`));
}

/** Builds an expression for the comment on an object. */
export function commentOn(object: Sql, catalog: string): Sql {
  return sql`obj_description(${object}, ${sql.literal(catalog)})`;
}

/** Builds an expression for the privileges in an access control list, by grantee and privilege. */
export function privilegesIn(list: Sql): Sql {
  return sql`(
    select json_agg(json_build_object(
      'grantee', case when p.grantee <> 0 then pg_get_userbyid(p.grantee) end,
      'privilege', p.privilege_type, 'isGrantable', p.is_grantable
    ) order by p.grantee, p.privilege_type)
    from aclexplode(${list}) p
  )`;
}

export interface Server {
  readonly version: number;
  /** Whether new objects of some role get other privileges than usual. */
  readonly hasDefaultPrivileges: boolean;
  /** The OID of the table, or null if there is none. */
  readonly table: string | null;
}

/** Finds the table by its name. */
export function findTable(tx: Transaction, schema: string, table: string): Promise<Server> {
  return readDocument<Server>(
    tx,
    sql`
    select json_build_object(
      'version', current_setting('server_version_num')::int,
      'hasDefaultPrivileges', exists (select from pg_default_acl),
      'table', (
        select c.oid::text
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = ${schema}::text and c.relname = ${table}::text
      )
    )::text`,
  );
}

/** Reads tables with all of their partitions. */
export function readRelations(tx: Transaction, roots: readonly string[]): Promise<readonly Relation[]> {
  return readDocument<readonly Relation[]>(
    tx,
    sql`
    with tree as (
      select c.oid as root, c.oid as relation, 0 as level from pg_class c where c.oid in (${oidsOf(roots)})
      union
      select c.oid, t.relid, t.level
      from pg_class c
      cross join lateral pg_partition_tree(c.oid) t
      where c.oid in (${oidsOf(roots)}) and c.relkind = 'p'
    )
    select coalesce(json_agg(json_build_object(
      'oid', c.oid::text, 'root', tree.root::text, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
      'hasTrigger', exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = ${TRIGGER}),
      'persistence', c.relpersistence, 'level', tree.level, 'isPartition', c.relispartition,
      'inherits', exists (select from pg_inherits i where i.inhrelid = c.oid) and not c.relispartition,
      'hasChildren', c.relkind <> 'p' and exists (select from pg_inherits i where i.inhparent = c.oid),
      'isTyped', c.reloftype <> 0,
      'replicaIdentity', c.relreplident,
      'publications', (
        select coalesce(json_agg(p.pubname order by p.pubname), '[]')
        from pg_publication p
        where p.pubname in (
          select t.pubname from pg_publication_tables t where t.schemaname = n.nspname and t.tablename = c.relname
        )
      ),
      'updateTriggers', (
        select coalesce(json_agg(t.tgname order by t.tgname), '[]')
        from pg_trigger t
        where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 16 <> 0
          and t.tgattr::text = '' and t.tgname <> ${TRIGGER}
      ),
      'laterTriggers', (
        select coalesce(json_agg(t.tgname order by t.tgname), '[]')
        from pg_trigger t
        where t.tgrelid = c.oid and not t.tgisinternal and t.tgtype & 3 = 3 and t.tgtype & 20 <> 0
          and t.tgname > ${TRIGGER}
      ),
      'rules', (
        select coalesce(json_agg(r.rulename order by r.rulename), '[]')
        from pg_rewrite r where r.ev_class = c.oid and c.relkind in ('r', 'p')
      ),
      'indexes', (
        select coalesce(json_agg(json_build_object('name', x.relname, 'isValid', i.indisvalid)
          order by x.relname), '[]')
        from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid
      ),
      'columns', (
        select json_agg(json_build_object(
          'name', a.attname, 'number', a.attnum, 'type', format_type(a.atttypid, a.atttypmod),
          'isNotNull', a.attnotnull, 'notNullName', (
            select k.conname from pg_constraint k
            where k.conrelid = c.oid and k.contype = 'n' and k.conkey = array[a.attnum]
          ), 'identity', a.attidentity,
          'default', pg_get_expr(d.adbin, d.adrelid), 'isGenerated', a.attgenerated <> '',
          'inPartitionKey', exists (
            select from pg_partitioned_table p
            where p.partrelid = c.oid
              and (a.attnum = any(p.partattrs::int2[]) or p.partexprs::text ~ (':varattno ' || a.attnum || '[^0-9]'))
          ),
          'comment', col_description(c.oid, a.attnum),
          'statisticsTarget', nullif(a.attstattarget::int, -1), 'options', to_json(a.attoptions),
          'privileges', coalesce(${privilegesIn(sql`a.attacl`)}, '[]')
        ) order by a.attnum)
        from pg_attribute a
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      )
    ) order by tree.level, n.nspname, c.relname), '[]')::text
    from tree
    join pg_class c on c.oid = tree.relation
    join pg_namespace n on n.oid = c.relnamespace`,
  );
}

/** The name of the trigger that keeps the columns in step. It fires last, because `~` sorts after letters. */
export const TRIGGER = "~nextval_widen";

/** Reads the foreign keys from and to tables. Those that the server made for partitions are left out. */
export function readForeignKeys(tx: Transaction, relations: readonly string[]): Promise<readonly ForeignKey[]> {
  return readDocument<readonly ForeignKey[]>(
    tx,
    sql`
    select coalesce(json_agg(json_build_object(
      'oid', f.oid::text, 'name', f.conname, 'definition', pg_get_constraintdef(f.oid),
      'from', f.conrelid::oid::text,
      'fromRoot', coalesce(pg_partition_root(f.conrelid)::oid, f.conrelid)::text,
      'fromNumbers', to_json(f.conkey),
      'to', f.confrelid::oid::text,
      'toRoot', coalesce(pg_partition_root(f.confrelid)::oid, f.confrelid)::text,
      'toNumbers', to_json(f.confkey),
      'isValid', f.convalidated, 'comment', ${commentOn(sql`f.oid`, "pg_constraint")}
    ) order by f.conrelid, f.conname), '[]')::text
    from pg_constraint f
    where f.contype = 'f' and f.conparentid = 0
      and (f.conrelid in (${oidsOf(relations)}) or f.confrelid in (${oidsOf(relations)}))`,
  );
}
