import type { SequenceState } from "../catalog/index.js";
import { type Limits, limitsOf } from "../catalog/limits.js";
import { sql } from "../index.js";
import type { FedColumn } from "./fed-columns.js";
import { firstBehind } from "./grid.js";
import { type HealthCode, type HealthLevel, type HealthProblem, type SequenceHealth, severityOf } from "./health.js";
import { columnOf, nameOf, quotedOf } from "./names.js";

/** What was measured of a sequence, before it is judged. */
type Measured = Omit<SequenceHealth, "level" | "problems">;

interface Context {
  readonly sequence: SequenceState;
  readonly fed: readonly FedColumn[];
  readonly range: Limits;
  readonly warnAt: number;
  readonly criticalAt: number;
  /** The connected role. */
  readonly user: string;
}

/** What is wrong with a sequence, worst first. */
export function problemsOf(measured: Measured, context: Context): HealthProblem[] {
  const problems = [
    ...unreadable(measured, context),
    ...atItsEnd(measured, context),
    ...columnExceeded(measured, context),
    ...behind(measured, context),
    ...usageMissing(measured, context),
    ...unlogged(measured, context),
    ...columnNarrower(measured, context),
    ...cacheLost(measured),
  ];
  return problems.sort((one, other) => severityOf(other.level) - severityOf(one.level));
}

function problem(measured: Measured, code: HealthCode, level: HealthLevel, sentence: string): HealthProblem {
  return { code, level, message: `${nameOf(measured)}: ${sentence}` };
}

function unreadable(measured: Measured, { user }: Context): HealthProblem[] {
  if (measured.nextValue !== null) return [];
  const grant = `grant select on sequence ${quotedOf(measured)} to ${sql.identifier(user).text}`;
  return [problem(measured, "UNREADABLE", "warning", `its value may not be read; its owner cures it with: ${grant}`)];
}

function atItsEnd(measured: Measured, context: Context): HealthProblem[] {
  const { used, left, end, cycles, columns } = measured;
  if (used === null || left === null) return [];
  if (cycles) {
    // Where values may come again, starting over is what it is for.
    const once = columns.find(({ unique }) => unique);
    const level = levelOf(used, context);
    if (once === undefined || level === "ok") return [];
    const sentence = `${percent(used)} of it is used, and after ${left} more values it starts over: inserts into ${columnOf(once)} then fail with 23505 wherever a value is still there; ${wider(measured, context)}`;
    return [problem(measured, "NEARLY_EXHAUSTED", level, sentence)];
  }
  if (left === 0n) {
    // Where it goes on and a column does not, COLUMN_EXCEEDED says so.
    if (columnExceeded(measured, context).length > 0) return [];
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

/** What makes it longer: of the sequence, of its columns, or of both. */
function wider(measured: Measured, { sequence, fed }: Context): string {
  const { end, increment } = measured;
  const cures: string[] = [];
  for (const column of fed) {
    if (!ends(limitsOf(column.baseType), end, increment) || !column.plain) continue;
    if (column.baseType === "bigint") cures.push(`${columnOf(column)} holds no more: start a new range of keys`);
    else cures.push(`widen ${columnOf(column)} with: ${alterColumn(column)}`);
  }
  const { minValue, maxValue, as } = sequence.options;
  // The sequence of an identity column is widened with the column.
  const withColumn = sequence.definedBy === "identity" && cures.length > 0;
  if ((increment > 0n ? maxValue : minValue) === end && !withColumn) {
    const bound = increment > 0n ? "maxvalue" : "minvalue";
    cures.push(
      as === "bigint"
        ? ends(limitsOf("bigint"), end, increment)
          ? "a bigint sequence goes no further"
          : `raise its bound with: alter sequence ${quotedOf(measured)} no ${bound}`
        : `widen it with: alter sequence ${quotedOf(measured)} as bigint no ${bound}`,
    );
  }
  return cures.join("; ");
}

function ends(limits: Limits | undefined, end: bigint, increment: bigint): boolean {
  return limits !== undefined && (increment > 0n ? limits.greatest : limits.least) === end;
}

function alterColumn({ schema, table, column }: FedColumn): string {
  return `alter table ${sql.identifier(schema, table).text} alter column ${sql.identifier(column).text} type bigint`;
}

function columnExceeded(measured: Measured, { fed, sequence }: Context): HealthProblem[] {
  const { nextValue } = measured;
  if (nextValue === null) return [];
  const { minValue, maxValue } = sequence.options;
  // What the sequence itself does not give cannot exceed a column.
  if (nextValue < minValue || nextValue > maxValue) return [];
  return fed
    .filter((column) => column.plain && !holds(column, nextValue))
    .map((column) =>
      problem(
        measured,
        "COLUMN_EXCEEDED",
        "critical",
        `its next value is ${nextValue}, which ${columnOf(column)} of type ${column.type} does not hold: inserts fail with 22003; widen it with: ${alterColumn(column)}`,
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
      const sentence = `it goes to ${own}, and ${columnOf(column)} of type ${column.type} only to ${increment > 0n ? limits?.greatest : limits?.least}, beyond which inserts fail with 22003; widen it in time with: ${alterColumn(column)}`;
      return problem(measured, "COLUMN_NARROWER", "ok", sentence);
    });
}

function behind(measured: Measured, { sequence }: Context): HealthProblem[] {
  const { nextValue, increment, cycles, columns } = measured;
  // One that cycles comes back behind its column by itself.
  if (nextValue === null || cycles) return [];
  return columns
    .filter(({ extreme }) => extreme !== null && (increment > 0n ? nextValue <= extreme : nextValue >= extreme))
    .map((column) => {
      const target = column.extreme === null ? undefined : firstBehind(column.extreme, sequence.options);
      const cure =
        target === undefined
          ? "which is beyond its bounds: raise them, then run resync"
          : `run resync, or: alter sequence ${quotedOf(measured)} restart with ${target}`;
      const consequence = column.unique
        ? "inserts fail with 23505 where it meets a value that is there"
        : "values that are there come a second time";
      const sentence = `its next value is ${nextValue}, and ${columnOf(column)} already goes to ${column.extreme}: ${consequence}; ${cure}`;
      return problem(measured, "BEHIND_COLUMN", column.unique ? "critical" : "warning", sentence);
    });
}

function usageMissing(measured: Measured, { fed }: Context): HealthProblem[] {
  return fed.flatMap(({ rolesWithoutUsage, ...column }) =>
    rolesWithoutUsage.map(({ role, schema, table }) => {
      const grantee = role === "public" ? role : sql.identifier(role).text;
      const sentence = `${role} may insert into ${schema}.${table}, but not draw the default of ${column.column}: its inserts fail with 42501; cured with: grant usage on sequence ${quotedOf(measured)} to ${grantee}`;
      return problem(measured, "USAGE_MISSING", "warning", sentence);
    }),
  );
}

function unlogged(measured: Measured, { sequence, fed }: Context): HealthProblem[] {
  const logged = fed.find((column) => !column.unlogged && column.kind !== "view");
  if (!sequence.options.unlogged || logged === undefined) return [];
  const sentence = `it is unlogged, and ${logged.schema}.${logged.table} is not: after a crash of the server it starts over, and inserts meet the values that are there; cured with: alter sequence ${quotedOf(measured)} set logged`;
  return [problem(measured, "UNLOGGED", "warning", sentence)];
}

function cacheLost(measured: Measured): HealthProblem[] {
  const { cache, left } = measured;
  if (cache === 1n) return [];
  const until = left === null ? "" : `; ${left / cache + 1n} connections can do so before it ends`;
  const sentence = `each connection reserves ${cache} values, and loses those that it does not use${until}; with short connections, or behind a pooler, lower it with: alter sequence ${quotedOf(measured)} cache 1`;
  return [problem(measured, "CACHE_LOST", "ok", sentence)];
}

/** Rounded down, so that 100 % is said only of what has ended. */
function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
