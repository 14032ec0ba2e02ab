import { type Sql, sql, type Transaction } from "../../index.js";
import { readDocument } from "../../server/read-json.js";
import type { Dependents } from "./facts.js";
import { commentOn, privilegesIn } from "./read-tables.js";

/** A column of a table or of a partition. */
export interface Place {
  readonly relation: string;
  readonly number: number;
}

/** Reads what depends on these columns. What is of no part of the answer is in `others`. */
export function readDependents(tx: Transaction, places: readonly Place[]): Promise<Dependents> {
  return readDocument<Dependents>(
    tx,
    sql`
    with recursive places (relation, number) as (
      values ${sql.join(places.map(({ relation, number }) => sql`(${relation}::oid, ${`${number}`}::int)`))}
    ), relations as (
      select distinct relation from places
    ), direct as (
      select d.classid, d.objid, d.objsubid, d.refobjid as relation, d.refobjsubid as number, d.deptype
      from pg_depend d
      join places p on p.relation = d.refobjid and p.number = d.refobjsubid
      where d.refclassid = 'pg_class'::regclass
    ), indexes as (
      select distinct i.indexrelid as oid, i.indrelid
      from direct d
      join pg_index i on i.indexrelid = d.objid and d.classid = 'pg_class'::regclass
      union
      select i.indexrelid, i.indrelid
      from direct d
      join pg_constraint c on c.oid = d.objid and d.classid = 'pg_constraint'::regclass and c.contype in ('p', 'u', 'x')
      join pg_index i on i.indexrelid = c.conindid
    ), viewing (oid) as (
      select r.ev_class
      from direct d
      join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
      join pg_class c on c.oid = r.ev_class and c.relkind = 'v'
      union
      select r.ev_class
      from indexes i
      join pg_constraint c on c.conindid = i.oid and c.contype in ('p', 'u')
      join pg_depend d on d.refclassid = 'pg_constraint'::regclass and d.refobjid = c.oid
      join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
      union
      select r.ev_class
      from viewing
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = viewing.oid
      join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass and r.ev_class <> viewing.oid
    ), ordered (oid, depth) as (
      select oid, 1 from viewing
      union
      select r.ev_class, ordered.depth + 1
      from ordered
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = ordered.oid
      join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass and r.ev_class <> ordered.oid
      -- One that is deeper than there are views reads itself through others.
      where ordered.depth <= (select count(*) from viewing)
    ), views as (
      select oid, max(depth) as depth from ordered group by oid
    ), sequences as (
      select d.objid as oid, d.relation, d.number, true as owned, d.deptype = 'i' as identity
      from direct d
      join pg_class c on c.oid = d.objid and d.classid = 'pg_class'::regclass and c.relkind = 'S'
      union
      select s.refobjid, a.adrelid, a.adnum, false, false
      from pg_attrdef a
      join places p on p.relation = a.adrelid and p.number = a.adnum
      join pg_depend s on s.classid = 'pg_attrdef'::regclass and s.objid = a.oid
        and s.refclassid = 'pg_class'::regclass
      join pg_class c on c.oid = s.refobjid and c.relkind = 'S'
    ), rowtypes (oid) as (
      select c.reltype from pg_class c where c.oid in (select relation from relations)
      union
      select coalesce(c.reltype, d.objid)
      from rowtypes
      join pg_depend d on d.refclassid = 'pg_type'::regclass and d.refobjid = rowtypes.oid
      left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid and c.relkind = 'c'
      where d.classid = 'pg_type'::regclass or c.relkind = 'c'
    )
    select json_build_object(
      'indexes', (${INDEXES}), 'checks', (${CHECKS}), 'triggers', (${TRIGGERS}), 'policies', (${POLICIES}),
      'statistics', (${STATISTICS}), 'views', (${VIEWS}), 'sequences', (${SEQUENCES}),
      'others', (${OTHERS})
    )::text`,
  );
}

function constraint(row: string): Sql {
  const c = sql.raw(row);
  return sql`
    'oid', ${c}.oid::text, 'name', ${c}.conname, 'type', ${c}.contype, 'definition', pg_get_constraintdef(${c}.oid),
    'isValid', ${c}.convalidated, 'comment', ${commentOn(sql`${c}.oid`, "pg_constraint")}`;
}

const INDEXES = sql`
  select coalesce(json_agg(json_build_object(
    'oid', i.indexrelid::text, 'relation', i.indrelid::text, 'schema', n.nspname, 'name', x.relname,
    'parent', (select h.inhparent::text from pg_inherits h where h.inhrelid = i.indexrelid),
    'definition', pg_get_indexdef(i.indexrelid),
    'entries', to_json(i.indkey::int2[]),
    'otherClasses', (
      select coalesce(json_agg(k.number), '[]')
      from unnest(i.indkey::int2[], i.indclass::oid[]) k(number, class)
      join pg_opclass o on o.oid = k.class and not o.opcdefault
    ),
    'inExpressions', (
      select coalesce(json_agg(distinct found[1]::int), '[]')
      from regexp_matches(concat(i.indexprs::text, ' ', i.indpred::text), ':varattno ([0-9]+)', 'g') found
    ),
    'isUnique', i.indisunique, 'isValid', i.indisvalid, 'isClustered', i.indisclustered,
    'isReplicaIdentity', i.indisreplident,
    'tablespace', (select t.spcname from pg_tablespace t where t.oid = x.reltablespace),
    'comment', ${commentOn(sql`i.indexrelid`, "pg_class")},
    'constraint', (
      select json_build_object(${constraint("c")})
      from pg_constraint c
      where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x') and c.conrelid = i.indrelid
    )
  ) order by n.nspname, x.relname), '[]')
  from indexes
  join pg_index i on i.indexrelid = indexes.oid
  join pg_class x on x.oid = i.indexrelid
  join pg_namespace n on n.oid = x.relnamespace`;

const CHECKS = sql`
  select coalesce(json_agg(json_build_object('relation', c.conrelid::text, ${constraint("c")})
    order by c.conrelid, c.conname), '[]')
  from pg_constraint c
  where c.contype = 'c' and c.coninhcount = 0
    and c.oid in (select objid from direct where classid = 'pg_constraint'::regclass)`;

const TRIGGERS = sql`
  select coalesce(json_agg(json_build_object(
    'relation', t.tgrelid::text, 'name', t.tgname, 'definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled,
    'comment', ${commentOn(sql`t.oid`, "pg_trigger")}
  ) order by t.tgrelid, t.tgname), '[]')
  from pg_trigger t
  where not t.tgisinternal and t.tgparentid = 0
    and t.oid in (select objid from direct where classid = 'pg_trigger'::regclass)`;

const POLICIES = sql`
  select coalesce(json_agg(json_build_object(
    'relation', p.polrelid::text, 'name', p.polname,
    'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)
  ) order by p.polrelid, p.polname), '[]')
  from pg_policy p
  where p.polrelid in (select relation from relations)
    and p.oid in (select objid from direct where classid = 'pg_policy'::regclass)`;

const STATISTICS = sql`
  select coalesce(json_agg(json_build_object(
    'schema', n.nspname, 'name', s.stxname, 'definition', pg_get_statisticsobjdef(s.oid),
    'target', nullif(s.stxstattarget::int, -1), 'owner', pg_get_userbyid(s.stxowner),
    'comment', ${commentOn(sql`s.oid`, "pg_statistic_ext")}
  ) order by n.nspname, s.stxname), '[]')
  from pg_statistic_ext s
  join pg_namespace n on n.oid = s.stxnamespace
  where s.oid in (select objid from direct where classid = 'pg_statistic_ext'::regclass)`;

const VIEWS = sql`
  select coalesce(json_agg(json_build_object(
    'oid', c.oid::text, 'schema', n.nspname, 'name', c.relname, 'owner', pg_get_userbyid(c.relowner),
    'columns', (
      select json_agg(json_build_object('name', a.attname, 'comment', col_description(c.oid, a.attnum))
        order by a.attnum)
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ),
    'options', to_json(c.reloptions), 'definition', pg_get_viewdef(c.oid),
    'comment', ${commentOn(sql`c.oid`, "pg_class")},
    'privileges', ${privilegesIn(sql`c.relacl`)}
  ) order by v.depth, n.nspname, c.relname), '[]')
  from views v
  join pg_class c on c.oid = v.oid and c.relkind = 'v'
  join pg_namespace n on n.oid = c.relnamespace`;

const SEQUENCES = sql`
  select coalesce(json_agg(json_build_object(
    'relation', s.relation::text, 'number', s.number, 'schema', n.nspname, 'name', c.relname,
    'owner', pg_get_userbyid(c.relowner), 'type', format_type(q.seqtypid, null), 'isIdentity', s.identity,
    'isOwned', s.owned,
    'start', q.seqstart::text, 'increment', q.seqincrement::text, 'min', q.seqmin::text, 'max', q.seqmax::text,
    'cache', q.seqcache::text, 'cycle', q.seqcycle,
    'comment', ${commentOn(sql`c.oid`, "pg_class")}, 'privileges', ${privilegesIn(sql`c.relacl`)},
    'usedBy', (
      select coalesce(json_agg(pg_describe_object(d.classid, d.objid, d.objsubid)), '[]')
      from pg_depend d
      where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype in ('n', 'a')
    )
  ) order by n.nspname, c.relname, s.owned desc), '[]')
  from (
    select oid, relation, number, bool_or(owned) as owned, bool_or(identity) as identity
    from sequences group by oid, relation, number
  ) s
  join pg_class c on c.oid = s.oid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_sequence q on q.seqrelid = c.oid`;

/** What depends on a column or on one of the views, and is neither carried over nor a part of what is. */
const OTHERS = sql`
  select coalesce(json_agg(name order by name), '[]')
  from (
    select case when r.rulename = '_RETURN' then pg_describe_object('pg_class'::regclass, r.ev_class, 0)
      else pg_describe_object(d.classid, d.objid, d.objsubid) end as name
    from direct d
    left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
    left join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
    left join pg_attrdef a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
    left join pg_policy y on d.classid = 'pg_policy'::regclass and y.oid = d.objid
    left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    where not (
      c.relkind in ('i', 'I', 'S') and d.objsubid = 0
      or k.contype in ('p', 'u', 'c', 'f', 'n', 'x')
      or a.adrelid = d.relation and a.adnum = d.number
      or y.polrelid in (select relation from relations)
      or r.ev_class in (select v.oid from views v join pg_class c on c.oid = v.oid and c.relkind = 'v')
      or d.classid in ('pg_trigger'::regclass, 'pg_statistic_ext'::regclass)
    ) is true
    union
    select pg_describe_object('pg_class'::regclass, c.oid, 0)
    from views v join pg_class c on c.oid = v.oid
    where c.relkind <> 'v' or c.relpersistence = 't' or v.depth > (select count(*) from viewing) or exists (
      select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
    union
    -- Such as ON CONFLICT ON CONSTRAINT in the body of a function.
    select pg_describe_object(d.classid, d.objid, d.objsubid)
    from pg_constraint k
    join pg_depend d on d.refclassid = 'pg_constraint'::regclass and d.refobjid = k.oid and d.deptype in ('n', 'a')
    left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    where k.conindid in (select oid from indexes) and k.contype in ('p', 'u')
      and (r.ev_class in (select oid from views)) is not true
    union
    select 'security label of ' || pg_describe_object('pg_class'::regclass, l.objoid, l.objsubid)
    from pg_seclabel l
    where l.classoid = 'pg_class'::regclass and (
      l.objoid in (select oid from views) or (l.objoid, l.objsubid) in (select relation, number from places)
    )
    union
    select pg_describe_object(d.classid, d.objid, d.objsubid)
    from views v
    join pg_class c on c.oid = v.oid
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = v.oid
      or d.refclassid = 'pg_type'::regclass and d.refobjid in (
        select c.reltype union select t.typarray from pg_type t where t.oid = c.reltype
      )
    left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    where d.deptype in ('n', 'a') and r.ev_class is null
    union
    -- Also a part of a view: its own triggers, rules and defaults.
    select pg_describe_object('pg_trigger'::regclass, t.oid, 0)
    from pg_trigger t where t.tgrelid in (select oid from views) and not t.tgisinternal
    union
    select pg_describe_object('pg_rewrite'::regclass, r.oid, 0)
    from pg_rewrite r where r.ev_class in (select oid from views) and r.rulename <> '_RETURN'
    union
    select pg_describe_object('pg_attrdef'::regclass, a.oid, 0)
    from pg_attrdef a where a.adrelid in (select oid from views)
    union
    -- A stored row of the table has a place for the old column only.
    select pg_describe_object(d.classid, d.objid, d.objsubid)
    from rowtypes
    join pg_depend d on d.refclassid = 'pg_type'::regclass and d.refobjid = rowtypes.oid
    join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid and c.relkind in ('r', 'p', 'm', 'f')
    union
    select 'column privilege on ' || pg_describe_object('pg_class'::regclass, a.attrelid, a.attnum)
    from pg_attribute a where a.attrelid in (select oid from views) and a.attacl is not null
  ) found`;
