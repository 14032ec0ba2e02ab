import { sql } from "../../index.js";
import { limitsOf, refusalBy } from "../../server/integer-limits.js";
import { columnOf, quotedOf } from "../../server/names.js";
import type { FedColumn } from "../columns/fed-columns.js";
import { whyUnknown } from "../columns/unknown-value.js";
import { behind } from "./behind-column.js";
import { type HealthLevel, type HealthProblem, severityOf } from "./health.js";
import { grantForAll } from "./missing-grants.js";
import { notAttached, notCompared } from "./not-compared.js";
import { type Context, alsoDeclared, type Measured, problem } from "./problem-context.js";
import { wider, widerColumn } from "./widening-advice.js";

/** Returns the problems of a sequence, worst first. */
export function problemsOf(measured: Measured, context: Context): HealthProblem[] {
  const problems = [
    ...unreadable(measured, context),
    ...atItsEnd(measured, context),
    ...columnExceeded(measured, context),
    ...behind(measured, context),
    ...usageMissing(measured, context),
    ...unlogged(measured, context),
    ...columnNarrower(measured, context),
    ...cacheLost(measured, context),
    ...notCompared(measured, context),
    ...notAttached(measured, context),
  ];
  return problems.sort((one, other) => severityOf(other.level) - severityOf(one.level));
}

function unreadable(measured: Measured, { sequence, user, unreadable }: Context): HealthProblem[] {
  if (measured.nextValue !== null) return [];
  const unknown = whyUnknown(sequence);
  if (unknown !== undefined) return [problem(measured, "UNREADABLE", "warning", unknown.reason)];
  const grant = `grant select on sequence ${quotedOf(measured.sequence)} to ${sql.identifier(user).text}`;
  const cure = grantForAll(unreadable, user) ?? `its owner cures it with: ${grant}`;
  return [problem(measured, "UNREADABLE", "warning", `its value may not be read; ${cure}`)];
}

function atItsEnd(measured: Measured, context: Context): HealthProblem[] {
  const { used, left, end, cycles, columns } = measured;
  if (used === null || left === null) return [];
  if (cycles) {
    // If values may repeat, starting over is intended.
    const once = columns.find(({ unique }) => unique);
    const level = levelOf(used, context);
    if (once === undefined || level === "ok") return [];
    const sentence = `${percent(used)} of it is used, and after ${left} more values it starts over: inserts into ${columnOf(once)} then fail with 23505 wherever a value is still there; ${wider(measured, context)}`;
    return [problem(measured, "NEARLY_EXHAUSTED", level, sentence)];
  }
  if (left === 0n) {
    // If the sequence continues and a column cannot, COLUMN_EXCEEDED or BEHIND_COLUMN reports it.
    if (columnExceeded(measured, context).length > 0 || context.collision !== undefined) return [];
    return [problem(measured, "EXHAUSTED", "critical", `no value is left up to ${end}; ${wider(measured, context)}`)];
  }
  const level = levelOf(used, context);
  if (level === "ok") return [];
  const sentence = `${percent(used)} of it is used, and ${left} values are left up to ${end}; ${wider(measured, context)}`;
  return [problem(measured, "NEARLY_EXHAUSTED", level, sentence)];
}

function levelOf(used: number, { warnAt, criticalAt }: Context): HealthLevel {
  return used >= criticalAt ? "critical" : used >= warnAt ? "warning" : "ok";
}

function columnExceeded(measured: Measured, { fed, sequence }: Context): HealthProblem[] {
  const { nextValue } = measured;
  if (nextValue === null) return [];
  const { minValue, maxValue } = sequence.options;
  // A value that the sequence itself cannot return does not exceed a column.
  if (nextValue < minValue || nextValue > maxValue) return [];
  return fed
    .filter((column) => column.plain && !holds(column, nextValue))
    .map((column) =>
      problem(
        measured,
        "COLUMN_EXCEEDED",
        "critical",
        `its next value is ${nextValue}, which ${columnOf(column)} of type ${column.type} does not hold: inserts fail with ${refusalBy(column.baseType)}; ${widerColumn(column)}`,
      ),
    );
}

function holds(column: FedColumn, value: bigint): boolean {
  const limits = limitsOf(column.baseType);
  return limits === undefined || (value >= limits.least && value <= limits.greatest);
}

function columnNarrower(measured: Measured, { fed, sequence }: Context): HealthProblem[] {
  const { increment, nextValue } = measured;
  const { minValue, maxValue } = sequence.options;
  const own = increment > 0n ? maxValue : minValue;
  return fed
    .filter((column) => column.plain && !holds(column, own) && (nextValue === null || holds(column, nextValue)))
    .map((column) => {
      const limits = limitsOf(column.baseType);
      const sentence = `it goes to ${own}, and ${columnOf(column)} of type ${column.type} only to ${increment > 0n ? limits?.greatest : limits?.least}, beyond which inserts fail with ${refusalBy(column.baseType)}; in time, ${widerColumn(column)}`;
      return problem(measured, "COLUMN_NARROWER", "ok", sentence);
    });
}

function usageMissing(measured: Measured, { fed }: Context): HealthProblem[] {
  return fed.flatMap(({ rolesWithoutUsage, ...column }) =>
    rolesWithoutUsage.map(({ role, schema, table }) => {
      const grantee = role === "public" ? role : sql.identifier(role).text;
      const sentence = `${role} may insert into ${schema}.${table}, but not draw the default of ${column.column}: its inserts fail with 42501; cured with: grant usage on sequence ${quotedOf(measured.sequence)} to ${grantee}`;
      return problem(measured, "USAGE_MISSING", "warning", sentence);
    }),
  );
}

function unlogged(measured: Measured, { sequence, fed }: Context): HealthProblem[] {
  const logged = fed.find(
    ({ otherDefault, stranger, unlogged: isUnlogged, kind }) =>
      otherDefault === null && stranger === null && !isUnlogged && kind !== "view",
  );
  if (!sequence.options.unlogged || logged === undefined) return [];
  const sentence = `it is unlogged, and ${logged.schema}.${logged.table} is not: after a crash of the server it starts over, and inserts meet the values that are there; cured${alsoDeclared(sequence)} with: alter sequence ${quotedOf(measured.sequence)} set logged`;
  return [problem(measured, "UNLOGGED", "warning", sentence)];
}

function cacheLost(measured: Measured, { sequence }: Context): HealthProblem[] {
  const { cache, left } = measured;
  if (cache === 1n) return [];
  const until = left === null ? "" : `; ${left / cache + 1n} connections can do so before it ends`;
  const sentence = `each connection reserves ${cache} values, and loses those that it does not use${until}; with short connections, or behind a pooler, lower it${alsoDeclared(sequence)} with: alter sequence ${quotedOf(measured.sequence)} cache 1`;
  return [problem(measured, "CACHE_LOST", "ok", sentence)];
}

/** Rounded down, so only an ended sequence is reported as 100 %. */
function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
