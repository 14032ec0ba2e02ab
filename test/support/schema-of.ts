import type postgres from "postgres";

/**
 * Describes what users made in a database: a line for each property of each object, sorted. Two databases that differ
 * in nothing but their rows have the same lines.
 */
export async function schemaOf(client: postgres.Sql): Promise<string[]> {
  const rows = await client.begin(async (tx) => {
    await tx`set local search_path = pg_catalog`;
    return tx.unsafe<{ line: string }[]>(QUERY);
  });
  return rows.map(({ line }) => line).sort();
}

const IN_USE = "not in ('pg_catalog', 'information_schema', 'pg_toast')";

const QUERY = `
  with tables as (
    select c.*, c.oid::regclass::text as title
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname ${IN_USE}
  )
  select concat_ws(' | ', c.relkind, c.title, pg_get_userbyid(c.relowner),
    (select array_agg(p::text order by p::text) from unnest(c.relacl) p), c.reloptions, c.relreplident,
    obj_description(c.oid, 'pg_class')) as line
  from tables c where c.relkind <> 'c'
  union all
  select concat_ws(' | ', 'column', c.title, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    'default ' || pg_get_expr(d.adbin, d.adrelid), 'identity ' || nullif(a.attidentity::text, ''),
    (select array_agg(p::text order by p::text) from unnest(a.attacl) p), a.attoptions,
    'statistics ' || nullif(a.attstattarget::int, -1), col_description(c.oid, a.attnum))
  from tables c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where c.relkind in ('r', 'p', 'v', 'm')
  union all
  select concat_ws(' | ', 'constraint', c.title, k.conname,
    -- Before PostgreSQL 18, VALIDATE leaves the parts of a foreign key to a partitioned table as they are.
    case when k.contype <> 'f' or k.conparentid = 0 then pg_get_constraintdef(k.oid) || k.convalidated end,
    -- A primary key makes them local.
    case when k.contype <> 'n' then k.conislocal end, k.coninhcount, k.conparentid <> 0,
    obj_description(k.oid, 'pg_constraint'))
  from tables c join pg_constraint k on k.conrelid = c.oid
  where k.contype <> 't'
  union all
  select concat_ws(' | ', 'index', c.title, pg_get_indexdef(c.oid), i.indisvalid, i.indisclustered, i.indisreplident,
    (select h.inhparent::regclass::text from pg_inherits h where h.inhrelid = c.oid), c.reltablespace)
  from tables c join pg_index i on i.indexrelid = c.oid
  union all
  select concat_ws(' | ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
  from tables c join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
  union all
  select concat_ws(' | ', 'policy', c.title, p.polname, p.polcmd, p.polpermissive, p.polroles::text,
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from tables c join pg_policy p on p.polrelid = c.oid
  union all
  select concat_ws(' | ', 'statistics', pg_get_statisticsobjdef(s.oid), pg_get_userbyid(s.stxowner), s.stxstattarget,
    obj_description(s.oid, 'pg_statistic_ext'))
  from pg_statistic_ext s
  union all
  select concat_ws(' | ', 'view', c.title, pg_get_viewdef(c.oid)) from tables c where c.relkind in ('v', 'm')
  union all
  select concat_ws(' | ', 'sequence', c.title, format_type(q.seqtypid, null), q.seqstart, q.seqincrement, q.seqmin,
    q.seqmax, q.seqcache, q.seqcycle,
    (select pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) || ' ' || d.deptype::text from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refobjsubid > 0))
  from tables c join pg_sequence q on q.seqrelid = c.oid
  union all
  select concat_ws(' | ', 'function', p.oid::regprocedure) from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace where n.nspname ${IN_USE}`;
