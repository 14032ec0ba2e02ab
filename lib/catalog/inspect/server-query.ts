import { type Sql, sql } from "../../index.js";
import { callersSchemas } from "../../server/catalog-path.js";
import { hasFixedType } from "../../server/column-type.js";
import { isInspected } from "../../server/queries/schema-filter.js";
import { sharedKeys, singleKeys } from "../../server/queries/unique-columns.js";
import { storedColumn } from "../../server/stored-column.js";
import { hasRows } from "./has-rows.js";

/**
 * Builds the query for the context of the sequences: the server, its schemas, and the other objects there, as one JSON
 * text.
 */
export function serverQuery(schemas: readonly string[] | undefined): Sql {
  const inspected = isInspected(sql`n.nspname`, schemas);
  return sql`
    select json_build_object(
      ${settingsOfServer},
      'pathNames', (${pathNames}),
      'others', (
        select json_agg(json_build_object('schema', n.nspname, 'seqName', c.relname))
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and not (${inspected})
        where c.relkind = 'S' and n.nspname = any(${callersSchemas})
      ),
      'taken', (${takenNames(inspected)}),
      'keys', (${keyColumns(inspected)}),
      'tables', (${tables(inspected)}),
      'unlogged', (
        select json_agg(json_build_array(n.nspname, c.relname))
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and ${inspected}
        where c.relpersistence = 'u' and c.relkind in ('r', 'p')
      )
    )::text as document`;
}

/** The version of the server, and the names of schemas: entries of a JSON object. */
export const settingsOfServer = sql`
  'version', current_setting('server_version_num')::int,
  'searchPath', array_to_json(${callersSchemas}),
  'schemas', (select json_agg(nspname order by nspname) from pg_catalog.pg_namespace)`;

/**
 * Selects the schemas that the caller's path names, also those that do not exist. `$user` is the one named like the
 * role. Source: `SplitIdentifierString` in `varlena.c`.
 */
const pathNames = sql`
  select json_agg(case when written.name = '$user' then current_user else written.name end)
  from regexp_matches(current_setting('nextval.search_path'), ${'"((?:[^"]|"")*)"|([^",[:space:]]+)'}, 'g') part
  cross join lateral (
    select coalesce(replace(part[1], '""', '"'), lower(part[2] collate pg_catalog."C")) as name
  ) written
  where written.name <> ''`;

/** Selects taken names by schema and kind, as in `pg_class`. The kind `t` is for types without a relation. */
function takenNames(inspected: Sql): Sql {
  return sql`
    select json_agg(json_build_array(grouped.nspname, grouped.kind, grouped.names))
    from (
      select n.nspname, named.kind, json_agg(named.name) as names
      from (
        select c.relnamespace as namespace, c.relname as name, c.relkind as kind
        from pg_catalog.pg_class c
        where c.relkind <> 'S'
        union all
        select t.typnamespace, t.typname, 't'
        from pg_catalog.pg_type t
        where t.typrelid = 0 and t.typisdefined and (t.typelem = 0 or t.typcategory <> 'A')
      ) named
      join pg_catalog.pg_namespace n on n.oid = named.namespace and ${inspected}
      group by n.nspname, named.kind
    ) grouped`;
}

/**
 * Selects the relations that can own a sequence, with the names of their columns. Source: `process_owned_by` in
 * `sequence.c`.
 */
function tables(inspected: Sql): Sql {
  return sql`
    select json_agg(json_build_array(n.nspname, c.relname, array_to_json(array(
      select a.attname from pg_catalog.pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      order by a.attnum
    ))))
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace and ${inspected}
    where c.relkind in ('r', 'p', 'f', 'v')`;
}

/**
 * Selects key columns only. There are far more columns of numbers and texts, and reading all of them takes longer than
 * the rest.
 */
function keyColumns(inspected: Sql): Sql {
  return sql`
    select json_agg(json_build_object(
      ${storedColumn(sql`n`, sql`c`, sql`att`, sql`type`)},
      'fixedType', ${hasFixedType(sql`c`, sql`att`)}, 'unique', keys.single, 'partOfKey', keys.shared,
      'hasRows', ${hasRows(sql`c`)}
    ) order by n.nspname, c.relname, att.attnum)
    from (
      select relation, number, bool_or(single) as single, bool_or(not single) as shared
      from (
        select relation, number, true as single from (${singleKeys}) single
        union all select relation, number, false from (${sharedKeys}) shared
      ) either
      group by relation, number
    ) keys
    join pg_catalog.pg_class c on c.oid = keys.relation and c.relkind in ('r', 'p')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace and ${inspected}
    cross join lateral (
      -- The server expects few columns of these types, and would compare each of them with all keys.
      select a.* from pg_catalog.pg_attribute a where a.attrelid = keys.relation and a.attnum = keys.number offset 0
    ) att
    join pg_catalog.pg_type type on type.oid = att.atttypid and type.typcategory in ('N', 'S')`;
}
