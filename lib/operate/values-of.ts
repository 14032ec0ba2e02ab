import { type Sql, sql } from "../index.js";
import type { FedColumn } from "./fed-columns.js";

/**
 * The values of a column, as a query of one column `value`: of the table with all below it, or of those parts only that
 * take values from the same sequence. The server looks at the index of each part all the same: observed.
 */
export function valuesOf({ schema, table, column, parts }: FedColumn): Sql {
  const value = sql`select ${sql.identifier(column)} as value`;
  if (parts === null) return sql`${value} from ${sql.identifier(schema, table)}`;
  const each = parts.map((part) => sql`${value} from only ${sql.identifier(part.schema, part.table)}`);
  return sql.join(each, sql` union all `);
}
