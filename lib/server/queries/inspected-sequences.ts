import { type Sql, sql } from "../../index.js";
import { lockedRelations } from "./locked-relations.js";
import { positionQuery } from "./position-query.js";
import { isInspected } from "./schema-filter.js";

/**
 * Selects the sequences to inspect: their options, as in `pg_sequence`, and what {@link positionUnlessLocked} needs of
 * them.
 *
 * @param version - the version of the server: 180004 for 18.4
 */
export function inspectedSequences(version: number, schemas: readonly string[] | undefined): Sql {
  // Before 18 the server reads a position under a lock that conflicts with ALTER SEQUENCE.
  const locked =
    version < 180_000
      ? lockedRelations("ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
      : lockedRelations("AccessExclusiveLock");
  return sql`
    select c.oid, n.nspname, c.relname, c.relowner, c.relpersistence, s.*,
      has_sequence_privilege(c.oid, 'select') as may_select,
      has_sequence_privilege(c.oid, 'usage') as may_use,
      has_sequence_privilege(c.oid, 'update') as may_update,
      c.oid in (${locked}) as locked
    from pg_catalog.pg_sequence s
    join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence <> 't' and ${isInspected(sql`n.nspname`, schemas)}`;
}

/**
 * Selects the position of the sequence `s`, for a lateral join. It does not wait for locked sequences, because a
 * session that drops one without committing would delay all others. Their position is null.
 */
export function positionUnlessLocked(version: number): Sql {
  return sql`
    select v.last_value, v.is_called
    from (
      select case when not s.locked then s.oid end as oid, s.nspname, s.relname, s.relpersistence,
        s.may_select and not s.locked as may_select, s.may_use and not s.locked as may_use
    ) s
    cross join lateral (${positionQuery(version)}) v`;
}

/** A list per column. The lists are null if there are no rows. */
export type ColumnsOf<Row> = { readonly [Name in keyof Row]: readonly Row[Name][] | null };

/**
 * Builds an object with a list per column of `rows`, as one JSON text, because an object per row takes the server much
 * longer.
 */
export function listsOf(columns: readonly string[]): Sql {
  const lists = columns.map((name) => sql`${sql.literal(name)}, json_agg(rows.${sql.identifier(name)})`);
  return sql`json_build_object(${sql.join(lists)})::text as document`;
}
