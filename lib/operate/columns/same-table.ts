import { type Sql, sql } from "../../index.js";
import type { HeldTable } from "./fed-columns.js";

/**
 * An expression that the server refuses to parse (42883) unless its name leads to the rows of the table that was looked at. Its
 * schema may have been renamed since, and planning a read of another table would run code of the owner of that.
 *
 * The parameter has the type of the rows, by its OID, and `array_eq` takes two arrays of one type only. No cast helps an attacker
 * there. A condition on the name itself would not do: the server looks it up again, and between the two it loads what belongs to
 * the table, for seconds if its owner has seen to that.
 *
 * @param rows what the table is called in FROM
 */
export function isSameTable({ rowType }: HeldTable, rows: string): Sql {
  return sql`case when false then pg_catalog.array_eq(array[${sql.identifier(rows)}.*], array[${nullOf(rowType)}]) end is null`;
}

/** A null that declares its type, as `client.typed(null, type)` does. */
function nullOf(type: string) {
  const parameter = { value: null, type: Number(type) };
  // Known by its `then`, as the helpers of postgres.js are.
  return Object.defineProperty(parameter, "then", { value: () => {} });
}
