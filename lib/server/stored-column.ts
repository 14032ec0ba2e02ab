import { type Sql, sql } from "../index.js";
import type { ColumnName } from "./name-shapes.js";
import { baseTypeOf } from "./queries/base-type.js";

/** A column of a table, with its type. */
export interface StoredColumn extends ColumnName {
  /** The type as the server writes it: `integer`, `numeric(10,0)`, the name of a domain. */
  readonly type: string;
  /** The base type of a domain, as the server writes it; for any other type, the type itself. */
  readonly baseType: string;
}

/**
 * Builds the members of a `StoredColumn` for `json_build_object`.
 *
 * @param schema - with `nspname`
 * @param table - with `relname`
 * @param column - with `attname`, `atttypid` and `atttypmod`
 * @param type - the row of `pg_type` for the column
 */
export function storedColumn(schema: Sql, table: Sql, column: Sql, type: Sql): Sql {
  const written = sql`pg_catalog.format_type(${column}.atttypid, ${column}.atttypmod)`;
  return sql`
    'schema', ${schema}.nspname, 'table', ${table}.relname, 'column', ${column}.attname, 'type', ${written},
    'baseType', case when ${type}.typtype = 'd' then ${baseTypeOf(sql`${column}.atttypid`, sql`${column}.atttypmod`)}
      else ${written} end`;
}
