import { type Handle, NextvalError, sql } from "../index.js";
import { baseTypeOf } from "../catalog/base-type.js";
import { isInspected } from "../catalog/is-inspected.js";
import { readDocument } from "../catalog/read-document.js";
import { type ColumnName, keyOf, type SequenceName } from "./names.js";

/** A column that takes its values from a sequence, with what matters to the sequence's health. */
export interface FedColumn extends ColumnName {
  readonly sequence: SequenceName;
  readonly increment: bigint;
  /** Who may alter the sequence. */
  readonly owner: string;
  /** As the server writes it: `integer`, `numeric(10,0)`, the name of a domain. */
  readonly type: string;
  /** The type that a domain is made of, as the server writes it; else the type itself. */
  readonly baseType: string;
  readonly kind: "table" | "partitioned table" | "foreign table" | "view";
  readonly unlogged: boolean;
  /** How a value gets there: by the identity, by the default, or by programs, as it is only owned by the column. */
  readonly way: "identity" | "default" | "owned";
  /** Whether what gets there is the value of the sequence itself, and not something made of it. */
  readonly plain: boolean;
  /** Whether the column alone is a primary key or unique. */
  readonly unique: boolean;
  /** Whether an index gives the greatest and the smallest value at once, in every partition. */
  readonly indexed: boolean;
  readonly mayRead: boolean;
  /** Whether row level security may hide rows from the connected role. */
  readonly rowSecurity: boolean;
  /** Roles that may insert into the table, and may not draw from the sequence. */
  readonly rolesWithoutUsage: readonly string[];
}

export interface FedColumns {
  /** The connected role. */
  readonly user: string;
  readonly columns: readonly FedColumn[];
}

/**
 * The columns that sequences feed, in one statement. A partition or a child table goes with its parent. Temporary
 * tables are left out.
 */
export async function readFedColumns(
  db: Pick<Handle, "query">,
  schemas: readonly string[] | undefined,
): Promise<FedColumns> {
  if (schemas !== undefined && (!Array.isArray(schemas) || !schemas.every((name) => typeof name === "string"))) {
    throw new NextvalError("INVALID_OPTIONS", `schemas must be a list of names, not ${JSON.stringify(schemas)}`);
  }
  const { user, columns } = await readDocument<Document>(db, fedColumnsQuery(schemas));
  return {
    user,
    columns: columns.map(({ increment, kind, ...column }) => ({
      ...column,
      increment: BigInt(increment),
      kind: KINDS[kind] ?? "view",
    })),
  };
}

/** The columns of each sequence, by its key. */
export function groupBySequence(columns: readonly FedColumn[]): Map<string, FedColumn[]> {
  const groups = new Map<string, FedColumn[]>();
  for (const column of columns) {
    const key = keyOf(column.sequence);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [column]);
    else group.push(column);
  }
  return groups;
}

interface Document {
  readonly user: string;
  readonly columns: readonly (Omit<FedColumn, "increment" | "kind"> & {
    readonly increment: string;
    readonly kind: string;
  })[];
}

const KINDS: { readonly [letter: string]: FedColumn["kind"] } = {
  r: "table",
  p: "partitioned table",
  f: "foreign table",
  v: "view",
};

/** What `pg_get_expr` writes for a default that is the sequence's value itself, with a cast or without. */
const PLAIN = String.raw`^\(*nextval\('([^']|'')+'::regclass\)\)*(::[a-z0-9 ]+(\([0-9, ]+\))?)?\)*$`;

function fedColumnsQuery(schemas: readonly string[] | undefined) {
  return sql`
    with recursive sequences as materialized (
      select c.oid, n.nspname, c.relname, c.relowner, s.seqincrement
      from pg_catalog.pg_sequence s
      join pg_catalog.pg_class c on c.oid = s.seqrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relpersistence <> 't' and ${isInspected(sql`n.nspname`, schemas)}
    ), drawn as materialized (
      select distinct each.sequence, each.relation, each.number, each.way, each.plain, att.attname, att.atttypid, att.atttypmod
      from (
        select d.objid as sequence, d.refobjid as relation, d.refobjsubid as number, 'identity' as way, true as plain
        from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.refobjsubid > 0 and d.deptype = 'i' and d.objid in (select oid from sequences)
        union all
        select d.refobjid, a.adrelid, a.adnum, 'default', pg_catalog.pg_get_expr(a.adbin, a.adrelid) ~ ${PLAIN}
        from pg_catalog.pg_depend d
        join pg_catalog.pg_attrdef a on a.oid = d.objid
        where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.refobjid in (select oid from sequences)
        union all
        select d.objid, d.refobjid, d.refobjsubid, 'owned', true
        from pg_catalog.pg_depend d
        join pg_catalog.pg_attribute owning on owning.attrelid = d.refobjid and owning.attnum = d.refobjsubid
        where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.refobjsubid > 0 and d.deptype = 'a' and d.objid in (select oid from sequences) and owning.attidentity = ''
          and (d.refobjid, d.refobjsubid) not in (
            select a.adrelid, a.adnum::int
            from pg_catalog.pg_attrdef a
            join pg_catalog.pg_depend drawing
              on drawing.objid = a.oid and drawing.classid = 'pg_catalog.pg_attrdef'::regclass
              and drawing.refclassid = 'pg_catalog.pg_class'::regclass
            join pg_catalog.pg_sequence other on other.seqrelid = drawing.refobjid
          )
      ) each
      join pg_catalog.pg_attribute att on att.attrelid = each.relation and att.attnum = each.number
    ), ancestors as (
      select i.inhrelid as relation, i.inhparent as ancestor
      from pg_catalog.pg_inherits i
      where i.inhrelid in (select relation from drawn)
      union
      select a.relation, i.inhparent
      from ancestors a
      join pg_catalog.pg_inherits i on i.inhrelid = a.ancestor
    ), covered as materialized (
      select distinct a.relation, above.sequence, above.attname
      from ancestors a
      join drawn above on above.relation = a.ancestor
    ), fed as materialized (
      select drawn.*
      from drawn
      left join covered using (relation, sequence, attname)
      where covered.relation is null
    ), trees as (
      select distinct relation as root, relation as part from fed
      union
      select t.root, i.inhrelid
      from trees t
      join pg_catalog.pg_inherits i on i.inhparent = t.part
    ), slow as (
      select distinct fed.relation, fed.number
      from fed
      join trees t on t.root = fed.relation
      join pg_catalog.pg_class part on part.oid = t.part and part.relkind <> 'p'
      where not exists (
        select from pg_catalog.pg_index i
        join pg_catalog.pg_class c on c.oid = i.indexrelid
        join pg_catalog.pg_am am on am.oid = c.relam and am.amname = 'btree'
        join pg_catalog.pg_attribute att on att.attrelid = i.indrelid and att.attnum = i.indkey[0]
        where i.indrelid = part.oid and i.indisvalid and i.indpred is null and att.attname = fed.attname
      )
    ), inserters as (
      select fed.sequence, fed.relation, acl.grantee
      from fed
      join pg_catalog.pg_class t on t.oid = fed.relation
      cross join lateral pg_catalog.aclexplode(coalesce(t.relacl, pg_catalog.acldefault('r', t.relowner))) acl
      where fed.way = 'default' and acl.privilege_type = 'INSERT'
      union
      select fed.sequence, fed.relation, acl.grantee
      from fed
      join pg_catalog.pg_attribute att on att.attrelid = fed.relation and att.attacl is not null
      cross join lateral pg_catalog.aclexplode(att.attacl) acl
      where fed.way = 'default' and acl.privilege_type = 'INSERT'
    ), members as (
      select oid from pg_catalog.pg_roles where rolcanlogin and not rolsuper
    ), lacking as (
      select i.sequence, i.relation, json_agg(coalesce(r.rolname, 'public') order by r.rolname) as roles
      from inserters i
      left join pg_catalog.pg_roles r on r.oid = i.grantee
      where not has_sequence_privilege(i.grantee, i.sequence, 'usage, update') and (
        r.rolcanlogin
        or not exists (select from members m where i.grantee = 0 or pg_has_role(m.oid, i.grantee, 'usage'))
        or exists (
          select from members m
          where (i.grantee = 0 or pg_has_role(m.oid, i.grantee, 'usage'))
            and not has_sequence_privilege(m.oid, i.sequence, 'usage, update')
        )
      )
      group by i.sequence, i.relation
    )
    select json_build_object('user', current_user, 'columns', coalesce(json_agg(json_build_object(
      'sequence', json_build_object('schema', s.nspname, 'seqName', s.relname),
      'increment', s.seqincrement::text,
      'owner', pg_catalog.pg_get_userbyid(s.relowner),
      'schema', n.nspname, 'table', t.relname, 'column', fed.attname,
      'type', pg_catalog.format_type(fed.atttypid, fed.atttypmod),
      'baseType', ${baseTypeOf(sql`fed.atttypid`, sql`fed.atttypmod`)},
      'kind', t.relkind, 'unlogged', t.relpersistence = 'u',
      'way', fed.way, 'plain', fed.plain,
      'unique', exists (
        select from pg_catalog.pg_index i
        where i.indrelid = t.oid and i.indisunique and i.indnkeyatts = 1 and i.indkey[0] = fed.number and i.indpred is null
      ),
      'indexed', t.relkind in ('r', 'p') and slow.relation is null,
      'mayRead', has_schema_privilege(n.oid, 'usage') and has_column_privilege(t.oid, fed.number::smallint, 'select'),
      'rowSecurity', pg_catalog.row_security_active(t.oid),
      'rolesWithoutUsage', coalesce(lacking.roles, '[]')
    ) order by s.nspname, s.relname, n.nspname, t.relname, fed.number), '[]'))::text as document
    from fed
    join sequences s on s.oid = fed.sequence
    join pg_catalog.pg_class t on t.oid = fed.relation and t.relpersistence <> 't'
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    left join slow on slow.relation = fed.relation and slow.number = fed.number
    left join lacking on lacking.sequence = fed.sequence and lacking.relation = fed.relation`;
}
