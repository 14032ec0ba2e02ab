import { type Sql, sql } from "../../index.js";
import { hasFixedType } from "../../server/column-type.js";
import { drawingColumns, drawingDomains, owningColumns } from "../../server/queries/feeding-columns.js";
import { inspectedSequences, listsOf, positionUnlessLocked } from "../../server/queries/inspected-sequences.js";
import { lateBoundCode } from "../../server/queries/late-bound-names.js";
import { ownerMayDraw } from "../../server/queries/owner-may-draw.js";
import { sharedKeys, singleKeys } from "../../server/queries/unique-columns.js";
import { storedColumn } from "../../server/stored-column.js";
import { isChecked } from "./column-checks.js";
import { hasRows } from "./has-rows.js";
import { indirectFeeds } from "./indirect-feeds.js";
import { namedInCode } from "./named-in-code.js";

const COLUMNS = (
  "oid schema name as start increment min max cache cycle unlogged comment identity always extension table column " +
  "feeds referenced named last called locked may_select may_use may_update"
).split(" ");

/** Builds the query for every sequence of a database, as one JSON text: an object with a list per column. */
export function sequencesQuery(version: number, schemas: readonly string[] | undefined): Sql {
  return sql`
    with sequences as materialized (${inspectedSequences(version, schemas)}),
    owners as (${owningColumns}), defaults as (${drawingColumns}), domains as (${drawingDomains}),
    code as materialized (${lateBoundCode}), named as (${namedInCode}),
    columns as (
      select sequence, relation, number, bool_or(by_default) as by_default, bool_or(late_bound) as late_bound,
        bool_and(indirect) as indirect
      from (
        select sequence, relation, number, is_identity as by_default, false as late_bound, false as indirect
        from owners
        union all select sequence, relation, number, true, late_bound, false from defaults
        union all select sequence, relation, number, true, late_bound, true from (${indirectFeeds}) fed
      ) either
      group by sequence, relation, number
    ), feeding as materialized (
      select columns.*, not columns.by_default or ${ownerMayDraw(sql`t`, sql`s.oid`, sql`s.relowner`)} as counts
      from columns
      join sequences s on s.oid = columns.sequence
      join pg_catalog.pg_class t on t.oid = columns.relation
    ), fed as materialized (
      -- A column may take values from hundreds of sequences. What is known of the column is looked up once.
      select columns.*, tn.nspname, t.relname, jsonb_build_object(
        ${storedColumn(sql`tn`, sql`t`, sql`att`, sql`type`)},
        'fixedType', ${hasFixedType(sql`t`, sql`att`)}, 'unique', (t.oid, att.attnum) in (${singleKeys}),
        'partOfKey', (t.oid, att.attnum) in (${sharedKeys}), 'checked', ${isChecked},
        'hasRows', ${hasRows(sql`t`)},
        'inserts', coalesce(pg_catalog.pg_stat_get_tuples_inserted(t.oid), 0)::text
      ) as known
      from (
        select relation, number, array_agg(sequence) as sequences, array_agg(by_default) as by_default,
          array_agg(late_bound) as late_bound, array_agg(indirect) as indirect
        from feeding
        where counts
        group by relation, number
      ) columns
      join pg_catalog.pg_class t on t.oid = columns.relation
      join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
      cross join lateral (
        -- The server expects few columns, and would compare each of them with all that there are.
        select a.* from pg_catalog.pg_attribute a where a.attrelid = t.oid and a.attnum = columns.number offset 0
      ) att
      join pg_catalog.pg_type type on type.oid = att.atttypid
    ), feeds as materialized (
      select each.sequence, json_agg(fed.known || jsonb_build_object(
        'byDefault', each.by_default, 'lateBound', each.late_bound, 'indirect', each.indirect
      ) order by fed.nspname, fed.relname, fed.number) as feeds
      from fed
      cross join lateral unnest(fed.sequences, fed.by_default, fed.late_bound, fed.indirect)
        each (sequence, by_default, late_bound, indirect)
      group by each.sequence
    )
    select ${listsOf(COLUMNS)}
    from (
      select s.oid::text as oid, s.nspname as schema, s.relname as name,
        pg_catalog.format_type(s.seqtypid, null) as as,
        s.seqstart::text as start, s.seqincrement::text as increment, s.seqmin::text as min, s.seqmax::text as max,
        s.seqcache::text as cache, s.seqcycle as cycle, s.relpersistence = 'u' as unlogged,
        comment.description as comment,
        coalesce(o.is_identity, false) as identity,
        coalesce(att.attidentity = 'a', false) as always, e.objid is not null as extension,
        t.relname as table, att.attname as column, f.feeds, used.refobjid is not null as referenced,
        array_to_json(named.names) as named,
        v.last_value::text as last, v.is_called as called, s.locked, s.may_select, s.may_use, s.may_update
      from sequences s
      left join pg_catalog.pg_description comment
        on comment.objoid = s.oid and comment.classoid = 'pg_catalog.pg_class'::regclass and comment.objsubid = 0
      left join pg_catalog.pg_depend e
        on e.objid = s.oid and e.classid = 'pg_catalog.pg_class'::regclass and e.deptype = 'e'
      left join owners o on o.sequence = s.oid
      left join pg_catalog.pg_class t on t.oid = o.relation
      left join pg_catalog.pg_attribute att on att.attrelid = o.relation and att.attnum = o.number
      left join feeds f on f.sequence = s.oid
      left join (
        select distinct d.refobjid
        from pg_catalog.pg_depend d
        where d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('n', 'a')
          and d.classid <> 'pg_catalog.pg_attrdef'::regclass
        union select sequence from domains
        union select sequence from code
        union select sequence from feeding where not counts
      ) used on used.refobjid = s.oid
      left join named on named.sequence = s.oid
      left join lateral (${positionUnlessLocked(version)}) v on true
      order by s.nspname, s.relname
    ) rows`;
}
