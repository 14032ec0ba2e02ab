import { type Sql, sql } from "../../index.js";
import { storedIdentifier } from "../../internal.js";
import type { HeldTable } from "./fed-columns.js";

/**
 * Builds an expression that the server refuses to parse (42883) unless its name refers to the rows of the inspected
 * table. The schema may have been renamed since, and planning a read of another table would run its owner's code.
 *
 * The parameter has the type of the rows, by its OID, and `array_eq` accepts only two arrays of one type. No cast helps
 * an attacker there. A condition on the name itself would not do, because the server looks up the name again. In
 * between it loads the parts of the table, which the owner can make last for seconds.
 *
 * @param rows - the alias of the table in FROM
 */
export function isSameTable({ rowType }: HeldTable, rows: string): Sql {
  return sql`case
    when false then pg_catalog.array_eq(array[${storedIdentifier(rows)}.*], array[${nullOf(rowType)}])
  end is null`;
}

/** A null that declares its type, as `client.typed(null, type)` does. */
function nullOf(type: string) {
  const parameter = { value: null, type: Number(type) };
  // The driver recognizes it by its `then`, like the helpers of postgres.js.
  return Object.defineProperty(parameter, "then", { value: () => {} });
}
