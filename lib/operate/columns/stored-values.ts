import { type Sql, sql } from "../../index.js";
import type { FedColumn } from "./fed-columns.js";
import { isSameTable } from "./same-table.js";

/**
 * Builds a query for the values of a column, with one column `value`. It reads the table with all its children, or only
 * the parts that take values from the same sequence. The server still uses the index of each part: observed.
 */
export function valuesOf({ column, tables, guarded }: FedColumn): Sql {
  const each = tables.map((table) => {
    const same = guarded ? sql`, ${isSameTable(table, ROWS)} as same` : sql.empty;
    const from = sql`${table.alone ? sql`only ` : sql.empty}${sql.identifier(table.schema, table.table)}`;
    return sql`select ${sql.identifier(column)} as value${same} from ${from} as ${sql.identifier(ROWS)}`;
  });
  return sql.join(each, sql` union all `);
}

const ROWS = "part";
