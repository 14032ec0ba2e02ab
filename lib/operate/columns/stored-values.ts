import { type Sql, sql } from "../../index.js";
import type { FedColumn } from "./fed-columns.js";
import { isSameTable } from "./same-table.js";

/**
 * The values of a column, as a query of one column `value`: of the table with all below it, or of those parts only that
 * take values from the same sequence. The server looks at the index of each part all the same: observed.
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
