import { sql } from "../../index.js";
import { columnOf } from "../../server/names.js";
import { naturallyIncomparable, NO_INDEX, UNREADABLE } from "../columns/comparability.js";
import type { FedColumn } from "../columns/fed-columns.js";
import type { HealthProblem } from "./health.js";
import { grantForAll } from "./missing-grants.js";
import { type Context, type Measured, problem } from "./problem-context.js";

/**
 * Reports columns that were not compared, so their sequence may be behind unseen. It is a warning if reading the column
 * would tell and the next insert may fail. Otherwise a role without the privilege would see a healthy database.
 */
export function notCompared(measured: Measured, { fed, user, unreadable }: Context): HealthProblem[] {
  // A sequence that cycles is never behind.
  if (measured.cycles) return [];
  return measured.columns.flatMap((column, index): HealthProblem[] => {
    const reason = column.notCompared;
    const source = fed[index];
    // A sequence that the role may not read is reported as another problem.
    if (reason === null || source === undefined || reason === UNREADABLE) return [];
    const isNormal = reason === NO_INDEX || naturallyIncomparable(source) !== undefined;
    const level = column.unique && !isNormal ? "warning" : "ok";
    const open = column.unique ? ", so whether inserts fail with 23505 is not known" : "";
    const sentence = `${columnOf(column)} was not compared with it${open}: ${reason}${isNormal ? "" : cureOf(source, user, unreadable)}`;
    return [problem(measured, "NOT_COMPARED", level, sentence)];
  });
}

function cureOf(fed: FedColumn, user: string, unreadable: number): string {
  const { schema, table, column, mayRead, rowSecurity, ownerIsLimited } = fed;
  if (!mayRead) {
    const forAll = grantForAll(unreadable, user);
    if (forAll !== undefined) return `; ${forAll}`;
    const grant = `grant select (${sql.identifier(column).text}) on table ${sql.identifier(schema, table).text} to ${sql.identifier(user).text}`;
    return `; cured, where it may use the schema, with: ${grant}`;
  }
  if (!rowSecurity) return "";
  // FORCE ROW LEVEL SECURITY also applies to the owner.
  return ownerIsLimited
    ? "; look as a role with BYPASSRLS"
    : "; look as the owner of the table, or as a role with BYPASSRLS";
}
