import { type Sql, sql } from "../../index.js";
import { mayBeSwapped } from "./powerful-reader.js";

/**
 * Builds a query for the position of a sequence, `last_value` and `is_called`. It goes into a lateral join after `s`,
 * which has `oid`, `nspname`, `relname`, `relpersistence`, `may_select` and `may_use`. The position is null if the role
 * may not read it, and for an unlogged sequence on a standby.
 *
 * It reads by OID. By the time a name is looked up, it may refer to a view or table of another role. Reading that would
 * run the other role's code as the reading role.
 */
export function positionQuery(version: number): Sql {
  return version >= 180_000 ? bySequenceData : byLastValue;
}

/**
 * Builds a query for the position `v` of the sequence with this OID. It has no row if there is none. The role can read
 * the sequence, unless the conditions on the sequence `c` say otherwise.
 */
export function positionByOid(oid: Sql, version: number, maySelect?: Sql, mayUse = maySelect): Sql {
  if (maySelect === undefined && version >= 180_000) {
    // A survey does this for thousands of columns, and most of its time is the planning of what is more.
    return sql`select v.last_value, v.is_called from pg_catalog.pg_get_sequence_data(${oid}) v`;
  }
  const privileges = sql`${maySelect ?? READABLE} as may_select, ${mayUse ?? READABLE} as may_use`;
  return sql`
    select v.last_value, v.is_called
    from (
      select c.oid, n.nspname, c.relname, c.relpersistence, ${privileges}
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.oid = ${oid} and c.relkind = 'S'
    ) s, lateral (${positionQuery(version)}) v`;
}

const READABLE = sql`true`;

const bySequenceData = sql`
  select coalesce(d.last_value, drawn.last_value) as last_value, coalesce(d.is_called, drawn.is_called) as is_called
  from pg_catalog.pg_get_sequence_data(s.oid) d,
    lateral (select l as last_value, case when l is not null then true end as is_called
      from (select case when s.may_use and not s.may_select then pg_catalog.pg_sequence_last_value(s.oid) end as l) one
    ) drawn`;

/**
 * Before PostgreSQL 18 the server has a function for the position only after a value was drawn. Until then the row
 * itself has to be read, by name. `pg_sequence_last_value` has locked the sequence by then, so it cannot be renamed.
 * Its schema can, so:
 *
 * - A powerful role reads no row in another role's schema, unless it prevents schemas from being renamed:
 *   `holdSchemas`.
 * - The name must lead to the OID just before.
 * - A setting shuts out views and foreign tables. If the server lacks the setting, the row is not read and the position
 *   is null.
 * - If the name then leads elsewhere, the statement fails while it is planned, by a division by zero (22012). That is
 *   before the server looks at the indexes of what it reads.
 */
const byLastValue = sql`
  select coalesce(drawn.last_value, (regexp_match(own.row, '<last_value>(-?[0-9]+)<'))[1]::bigint) as last_value,
    case when drawn.last_value is not null then true
      else (regexp_match(own.row, '<is_called>(true|false)<'))[1]::boolean end as is_called
  from (select s.relpersistence = 'u' and pg_catalog.pg_is_in_recovery() as lost) standby,
    lateral (
      select case when not lost and (s.may_select or s.may_use) then pg_catalog.pg_sequence_last_value(s.oid)
        end as last_value
    ) drawn,
    lateral (select format('%I.%I', s.nspname, s.relname) as name) named,
    lateral (
      select case
        when lost or drawn.last_value is not null or not s.may_select then null
        when not pg_catalog.has_schema_privilege(s.nspname, 'usage') then null
        when ${mayBeSwapped(sql`s.nspname`)} then null
        when current_setting('restrict_nonsystem_relation_kind', true) is null then null
        when set_config('restrict_nonsystem_relation_kind', 'view, foreign-table', true) is null then null
        when to_regclass(named.name) is distinct from s.oid then null
        else pg_catalog.query_to_xml(
          format('select last_value, is_called from %s where 1 / (%L::regclass = %s::oid)::int = 1',
            named.name, named.name, s.oid),
          false, false, ''
        )::text
      end as row
    ) own`;
