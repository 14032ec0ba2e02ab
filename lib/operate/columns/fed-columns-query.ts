import { type Sql, sql } from "../../index.js";
import { hasFixedType, isUsed } from "../../server/column-type.js";
import { expressionText } from "../../server/queries/expression-text.js";
import {
  columnsOfDomains,
  drawingColumns,
  drawingDomains,
  owningColumns,
} from "../../server/queries/feeding-columns.js";
import { generatedFrom } from "../../server/queries/generated-columns.js";
import { ownerMayDraw } from "../../server/queries/owner-may-draw.js";
import { isPowerful, mayBeSwapped } from "../../server/queries/powerful-reader.js";
import { isInspected } from "../../server/queries/schema-filter.js";
import { storedColumn } from "../../server/stored-column.js";
import type { DeclaredFeeds } from "../declared-feeds.js";
import { hasOwnCode, mayHold, otherOwner } from "./code-of-owners.js";
import { rowsOfPart, rowsOfParts } from "./counted-rows.js";
import { keysOfPart } from "./keys-of-part.js";
import { otherReferences } from "./other-references.js";
import { castsOf, isPlainDefault } from "./plain-default.js";
import { rolesWithoutUsage } from "./roles-without-usage.js";
import { settingTrigger } from "./setting-trigger.js";
import { sharedKeyOf } from "./shared-key.js";

/**
 * Builds the query for every column that a sequence feeds, and for the connected role, as one JSON text.
 *
 * @param trusted - roles whose code the connected role may run
 * @param declared - the columns that programs fill, as declared
 */
export function fedColumnsQuery(
  schemas: readonly string[] | undefined,
  trusted: readonly string[],
  declared: DeclaredFeeds["columns"],
): Sql {
  return sql`
    with recursive sequences as materialized (
      select c.oid, n.nspname, c.relname, c.relowner, s.seqincrement, s.seqcycle
      from pg_catalog.pg_sequence s
      join pg_catalog.pg_class c on c.oid = s.seqrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relpersistence <> 't' and ${isInspected(sql`n.nspname`, schemas)}
    ), of_domains as materialized (${columnsOfDomains}), drawing as materialized (
      -- Columns whose default draws from any sequence, including those that are not inspected.
      select a.adrelid as relation, a.adnum as number
      from pg_catalog.pg_attrdef a
      where a.adbin::text like '%:funcid 1574 %' or exists (
        select from pg_catalog.pg_depend d
        join pg_catalog.pg_sequence s on s.seqrelid = d.refobjid
        where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.objid = a.oid
          and d.refclassid = 'pg_catalog.pg_class'::regclass
      )
      union all
      select o.relation, o.number
      from of_domains o
      join pg_catalog.pg_type type on type.oid = o.domain and type.typdefaultbin::text like '%:funcid 1574 %'
    ), drawn as materialized (
      select distinct each.sequence, each.relation, each.number, each.way,
        case when each.way = 'owned' then ${otherDefault(sql`att`)} end as other_default,
        each.way <> 'default' or ${isPlainDefault(sql`coalesce(a.adbin, type.typdefaultbin)::text`)} as plain,
        att.attname, att.atttypid, att.atttypmod
      from (
        select sequence, relation, number, case when is_identity then 'identity' else 'owned' end as way
        from (${owningColumns}) owner
        union
        select sequence, relation, number, 'default' from (${drawingColumns}) own
        union
        select d.sequence, o.relation, o.number, 'default'
        from (${drawingDomains}) d
        join of_domains o using (domain)
        ${declared.length === 0 ? sql.empty : sql`union ${declaredColumns(declared)}`}
      ) each
      join pg_catalog.pg_attribute att on att.attrelid = each.relation and att.attnum = each.number
      join pg_catalog.pg_type type on type.oid = att.atttypid
      left join pg_catalog.pg_attrdef a on a.adrelid = each.relation and a.adnum = each.number
      -- An identity column of a child table keeps the default of its parent, but does not use it.
      where each.way = 'identity'
        or att.attidentity = '' and (
          each.way = 'default' or (each.relation, each.number) not in (select relation, number::int from drawing)
        )
    ), below as materialized (
      select i.inhparent as parent, c.oid as relation, c.relispartition as partition
      from pg_catalog.pg_inherits i
      join pg_catalog.pg_class c on c.oid = i.inhrelid
    ), ancestors as (
      -- A partition belongs to its table. A child by inheritance has keys of its own, so it is compared separately.
      select relation, parent as ancestor from below where partition and relation in (select relation from drawn)
      union
      select a.relation, b.parent
      from ancestors a
      join below b on b.relation = a.ancestor and b.partition
    ), covered as materialized (
      select distinct a.relation, above.sequence, above.attname
      from ancestors a
      join drawn above on above.relation = a.ancestor
    ), feeding as materialized (
      select drawn.*
      from drawn
      left join covered using (relation, sequence, attname)
      where covered.relation is null
    ), heirs as (
      select sequence, relation, attname from feeding where other_default is null
      union
      select h.sequence, b.relation, h.attname
      from heirs h
      join below b on b.parent = h.relation and not b.partition
    ), fed as materialized (
      select *, true as draws from feeding
      union all
      -- The column of these children draws from nothing. Programs may put values of its parent's sequence there.
      select h.sequence, h.relation, att.attnum, 'owned', ${otherDefault(sql`att`)}, true,
        att.attname, att.atttypid, att.atttypmod, false
      from heirs h
      join pg_catalog.pg_attribute att on att.attrelid = h.relation and att.attname = h.attname and att.attidentity = ''
      where (h.relation, att.attnum) not in (select relation, number from drawing)
        and (h.relation, h.attname) not in (select relation, attname from drawn)
    ), trees as (
      select *, relation as part from fed
      union
      select t.sequence, t.relation, t.number, t.way, t.other_default, t.plain,
        t.attname, t.atttypid, t.atttypmod, t.draws, b.relation
      from trees t
      join below b on b.parent = t.part and b.partition
    ), made as materialized (${generatedFrom}), parts as materialized (
      select t.*,
        1 + indexes.count as locks,
        indexes.single, indexes.partial_key, indexes.computed_key,
        c.relkind = 'p' or indexes.ordered as ordered,
        has_schema_privilege(n.oid, 'usage') and has_column_privilege(c.oid, att.attnum, 'select') as may_read,
        pg_catalog.row_security_active(c.oid) as row_security,
        c.relforcerowsecurity as forced,
        -- A partition has the type of its table, so only what depends on its column matters.
        case when t.part = t.relation then ${hasFixedType(sql`c`, sql`att`)}
          else ${isUsed(sql`c`, sql`att`)} end as fixed,
        c.relkind in ('v', 'f') as shut,
        counted.inserts, counted.rows, counted.kind,
        owners.other,
        owners.other is not null
          and (c.relkind not in ('r', 'p') or not ${mayHold} or ${hasOwnCode(sql`c.oid`)}) as runs_code
      from trees t
      join pg_catalog.pg_class c on c.oid = t.part
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute att on att.attrelid = t.part and att.attname = t.attname
      cross join lateral (${rowsOfPart}) counted
      cross join lateral (select ${otherOwner(sql`c`, sql`n`, trusted)} as other) owners
      cross join lateral (
        select count(*), coalesce(
          bool_or(i.indisvalid and i.indpred is null and i.indkey[0] = att.attnum and am.amname = 'btree'), false
        ) as ordered, ${keysOfPart}
        from pg_catalog.pg_index i
        join pg_catalog.pg_class c on c.oid = i.indexrelid
        join pg_catalog.pg_am am on am.oid = c.relam
        where i.indrelid = t.part
      ) indexes
    ), reach as materialized (
      select sequence, relation, number, way, other_default, plain, attname, atttypid, atttypmod, draws,
        sum(locks) as locks,
        bool_and(ordered) as ordered,
        bool_or(single) filter (where part = relation) as single,
        min(partial_key) as partial_key,
        min(computed_key) as computed_key,
        -- A role that may read a table may read its partitions through it, but not directly.
        bool_and(may_read) filter (where part = relation) as may_read,
        bool_or(row_security) filter (where part = relation) as row_security,
        bool_or(forced) as forced, bool_or(fixed) as fixed,
        ${rowsOfParts},
        bool_or(shut) as shut, bool_or(other is not null) as others,
        coalesce(array_agg(distinct pg_catalog.pg_get_userbyid(other)) filter (where runs_code), '{}') as code_of
      from parts
      group by sequence, relation, number, way, other_default, plain, attname, atttypid, atttypmod, draws
    ), ${otherReferences}, ${rolesWithoutUsage}
    select json_build_object('user', current_user, 'columns', coalesce(json_agg(json_build_object(
      'sequence', json_build_object('schema', s.nspname, 'name', s.relname),
      'sequenceOid', s.oid::text, 'increment', s.seqincrement::text, 'cycle', s.seqcycle,
      'owner', pg_catalog.pg_get_userbyid(s.relowner),
      'mayAlter', pg_catalog.pg_has_role(s.relowner, 'usage'), 'mayUpdate', has_sequence_privilege(s.oid, 'update'),
      ${storedColumn(sql`n`, sql`t`, sql`fed`, sql`type`)},
      'kind', t.relkind, 'unlogged', t.relpersistence = 'u', 'fixedType', fed.fixed,
      'way', fed.way, 'plain', fed.plain and fed.other_default is null, 'otherDefault', fed.other_default,
      'casts', case when fed.way = 'default' and fed.plain
        then ${castsOf(sql`coalesce(a.adbin, type.typdefaultbin)::text`)} end,
      'setBy', ${settingTrigger(sql`t.oid`, sql`fed.attname`, sql`s.relname`, sql`fed.way <> 'owned'`)},
      'stranger', case
        when fed.way = 'default' and not ${ownerMayDraw(sql`t`, sql`s.oid`, sql`s.relowner`)}
        then pg_catalog.pg_get_userbyid(t.relowner)
      end,
      -- The sequence can still return a value that programs put into another table.
      'unique', fed.draws and coalesce(fed.single, false),
      'key', case when fed.draws then ${sharedKeyOf(sql`t`, sql`fed.number`)} end,
      'partialKey', case when fed.draws then fed.partial_key end,
      'computedKey', case when fed.draws then fed.computed_key end,
      'oid', t.oid::text, 'rowType', t.reltype::text, 'alone', t.relkind in ('r', 'f'),
      'shut', fed.shut, 'others', fed.others, 'guarded', ${isPowerful}, 'swappable', ${mayBeSwapped(sql`s.nspname`)},
      'codeOf', fed.code_of,
      'locks', fed.locks,
      'indexed', t.relkind in ('r', 'p') and fed.ordered,
      'mayRead', fed.may_read, 'rowSecurity', fed.row_security,
      'ownerIsLimited', fed.forced,
      'rows', fed.rows::text, 'inserts', fed.inserts::text,
      'references', coalesce(refs.columns, '[]'),
      'rolesWithoutUsage', coalesce(lacking.roles, '[]')
    ) order by s.nspname, s.relname, n.nspname, t.relname, fed.number), '[]'))::text as document
    from reach fed
    join sequences s on s.oid = fed.sequence
    join pg_catalog.pg_class t on t.oid = fed.relation and t.relpersistence <> 't'
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    join pg_catalog.pg_type type on type.oid = fed.atttypid
    left join pg_catalog.pg_attrdef a on a.adrelid = fed.relation and a.adnum = fed.number
    left join refs on (refs.root, refs.root_number) = (fed.relation, fed.number)
    left join lacking on (lacking.sequence, lacking.root, lacking.number) = (fed.sequence, fed.relation, fed.number)`;
}

/**
 * Builds an expression for the text of a column's default; null if it has none. The text is requested without the
 * table, so it waits for no lock.
 */
function otherDefault(column: Sql): Sql {
  return sql`(
    select case
      when ${column}.attgenerated <> '' then 'generated from other columns'
      when ${column}.atthasdef then (
        select coalesce(${expressionText(sql`a.adbin`)}, 'something else')
        from pg_catalog.pg_attrdef a
        where a.adrelid = ${column}.attrelid and a.adnum = ${column}.attnum
      )
      when type.typdefaultbin is not null then coalesce(${expressionText(sql`type.typdefaultbin`)}, 'something else')
    end
    from pg_catalog.pg_type type
    where type.oid = ${column}.atttypid
  )`;
}

/** Selects the declared columns that exist. They count as columns that own their sequence. */
function declaredColumns(declared: DeclaredFeeds["columns"]): Sql {
  const names = declared.map(
    ({ sequence, column }) =>
      sql`(${sequence.schema}::text, ${sequence.name}::text, ${column.schema}::text, ${column.table}::text,
        ${column.column}::text)`,
  );
  return sql`
    select s.oid, c.oid, att.attnum, 'owned'
    from (values ${sql.join(names)}) as given (sequence_schema, sequence_name, table_schema, table_name, column_name)
    join sequences s on s.nspname = given.sequence_schema and s.relname = given.sequence_name
    join pg_catalog.pg_namespace n on n.nspname = given.table_schema
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = given.table_name
      and c.relkind in ('r', 'p', 'f', 'v')
    join pg_catalog.pg_attribute att on att.attrelid = c.oid and att.attname = given.column_name
      and att.attnum > 0 and not att.attisdropped`;
}
