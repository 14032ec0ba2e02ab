import { type Sql, sql } from "../index.js";
import { storedIdentifier } from "../internal.js";
import { isText } from "./integer-limits.js";
import type { ColumnName } from "./names.js";

/** Builds the statement that makes a column hold every value of a sequence, without a change to its rows. */
export function widenColumn({ schema, table, column, baseType }: ColumnName & { readonly baseType: string }): string {
  const type = isText(baseType) ? "text" : baseType.startsWith("numeric") ? "numeric" : "bigint";
  const [name, changed] = [storedIdentifier(schema, table), storedIdentifier(column)];
  return `alter table ${name.text} alter column ${changed.text} type ${type}`;
}

/** The name of a type in messages: `varchar(4)`, which the server writes as `character varying(4)`. */
export function shortType(type: string): string {
  return type.replace("character varying", "varchar");
}

/**
 * Whether the server refuses to alter the type of a column, because something depends on it: a view, a rule, a policy,
 * a trigger, a function, a publication, a generated column or partitions. It also refuses for views and for inherited
 * columns. Source: `ATPrepAlterColumnType` and `RememberAllDependentForRebuilding` in `tablecmds.c`.
 *
 * @param table - a row of `pg_class`
 * @param column - a row of `pg_attribute`
 */
export function hasFixedType(table: Sql, column: Sql): Sql {
  return sql`(
    ${table}.relkind not in ('r', 'p', 'f') or ${table}.reloftype <> 0 or ${column}.attinhcount > 0
    or ${isUsed(table, column)}
    or exists (
      select 1 from pg_catalog.pg_partitioned_table p
      where p.partrelid = ${table}.oid
        and (${column}.attnum = any(p.partattrs::pg_catalog.int2[]) or p.partexprs is not null)
    )
  )`;
}

/**
 * Whether something depends on a column that keeps the server from altering its type: a view, a rule, a policy, a
 * trigger, a function, a publication or a generated column.
 */
export function isUsed(table: Sql, column: Sql): Sql {
  return sql`exists (
      select 1 from pg_catalog.pg_depend d
      where d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = ${table}.oid
        and d.refobjsubid = ${column}.attnum and (
          d.classid in (
            'pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_policy'::regclass, 'pg_catalog.pg_trigger'::regclass,
            'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_publication_rel'::regclass
          )
          or d.classid = 'pg_catalog.pg_attrdef'::regclass and d.objid not in (
            select a.oid from pg_catalog.pg_attrdef a where a.adrelid = ${table}.oid and a.adnum = ${column}.attnum
          )
          -- Before PostgreSQL 15 a generated column itself depends on what it is computed from.
          or d.classid = 'pg_catalog.pg_class'::regclass and d.objid = ${table}.oid and d.objsubid > 0
        )
    )`;
}
