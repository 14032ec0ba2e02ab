import { sql } from "../../index.js";
import { columnOf, type ColumnName, quotedOf } from "../../server/names.js";
import { naturallyIncomparable, NO_INDEX, UNREADABLE } from "../columns/comparability.js";
import { type FedColumn, takesOnce } from "../columns/fed-columns.js";
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
    const open = takesOnce(source) ? ", so whether inserts fail with 23505 is not known" : "";
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

/** Reports a sequence that no column leads to. It may be behind as well, and its row would otherwise only say "ok". */
export function notAttached(measured: Measured, { sequence }: Context): HealthProblem[] {
  if (measured.columns.length > 0) return [];
  const { feeds, namedIn } = sequence;
  const drawn =
    feeds.length > 0
      ? `it feeds ${columnsOf(feeds)} through a function, a view or a rule`
      : namedIn.length > 0
        ? `no default of a column draws from it, but ${namedIn.slice(0, MOST_NAMED).join(", ")} may`
        : "no default of a column draws from it; programs, functions or triggers may";
  const cure = `if its values go to a column, they are once it belongs to that: alter sequence ${quotedOf(measured.sequence)} owned by TABLE.COLUMN`;
  return [problem(measured, "NOT_ATTACHED", "ok", `${drawn}, so no values were compared with it; ${cure}`)];
}

/** More names would make the message too long to read. */
const MOST_NAMED = 3;

function columnsOf(columns: readonly ColumnName[]): string {
  return columns.map(columnOf).join(", ");
}
