import { sql } from "../../index.js";
import { type Limits, limitsOf, isText } from "../../server/integer-limits.js";
import { columnOf, quotedOf } from "../../server/names.js";
import type { FedColumn } from "../columns/fed-columns.js";
import { type Context, alsoDeclared, type Measured } from "./problem-context.js";

/** Returns how to get more values from a sequence: by changing the sequence, its columns, or both. */
export function wider(measured: Measured, { sequence, fed, range }: Context): string {
  const { increment } = measured;
  const end = increment > 0n ? range.greatest : range.least;
  const cures: string[] = [];
  for (const column of fed) {
    if (!ends(limitsOf(column.baseType), end, increment) || !column.plain) continue;
    if (column.baseType === "bigint") cures.push(`${columnOf(column)} holds no more: start a new range of keys`);
    else cures.push(widerColumn(column));
  }
  const { minValue, maxValue, as } = sequence.options;
  // The sequence of an identity column is widened together with the column.
  const withColumn = sequence.definedBy === "identity" && cures.length > 0;
  if ((increment > 0n ? maxValue : minValue) === end && !withColumn) {
    const bound = increment > 0n ? "maxvalue" : "minvalue";
    if (!ends(limitsOf(as), end, increment)) {
      cures.push(
        `raise its bound${alsoDeclared(sequence)} with: alter sequence ${quotedOf(measured.sequence)} no ${bound}`,
      );
    } else if (as === "bigint") cures.push("a bigint sequence goes no further");
    else
      cures.push(
        `widen it${alsoDeclared(sequence)} with: alter sequence ${quotedOf(measured.sequence)} as bigint no ${bound}`,
      );
  }
  return cures.join("; ");
}

/** Returns how to make a column hold larger values. */
export function widerColumn(fed: FedColumn): string {
  const { schema, table, column, kind, baseType } = fed;
  // The server can alter neither the type of a view's column, nor that of a column that a view selects.
  if (kind === "view")
    return `widen the column of the table behind the view ${schema}.${table}, and create the view anew`;
  const cost =
    kind === "foreign table"
      ? "once it is wider where its rows are"
      : "which rewrites the table under an exclusive lock";
  const alter = `alter table ${sql.identifier(schema, table).text} alter column ${sql.identifier(column).text} type ${isText(baseType) ? "text" : "bigint"}`;
  return `widen ${columnOf(fed)}, ${cost}, with: ${alter}`;
}

function ends(limits: Limits | undefined, end: bigint, increment: bigint): boolean {
  return limits !== undefined && (increment > 0n ? limits.greatest : limits.least) === end;
}
