import { type Advice, storedIdentifier } from "../../internal.js";
import { shortType } from "../../server/column-type.js";
import { refusalBy } from "../../server/integer-limits.js";
import { quotedOf, shownName } from "../../server/names.js";
import { limitsOfStored } from "../../server/usable-range.js";
import type { AcceptedFindings } from "../accepted-findings.js";
import { alsoDeclared, castOf, wideningAdvice, columnWideningAdvice } from "../arithmetic/widening-advice.js";
import type { FedColumn } from "../columns/fed-columns.js";
import { whyUnknown } from "../columns/unknown-value.js";
import { counted, percent } from "../figures.js";
import { behind, betweenSteps } from "./behind-column.js";
import { burned } from "./burned-ids.js";
import { type Finding, mergeFindings } from "./findings.js";
import { type AcceptedProblem, type HealthCode, type HealthLevel, type HealthProblem, severityOf } from "./health.js";
import { grantForAll } from "./missing-grants.js";
import { referenceNarrower } from "./narrower-references.js";
import { drawnElsewhere, notAttached, notCompared } from "./not-compared.js";
import { type Context, holds, isExceeded, type Measurements } from "./problem-context.js";

/** Returns the problems of a sequence, and those that are accepted, worst first. */
export function problemsOf(
  measured: Measurements,
  context: Context,
  { reasonFor }: Pick<AcceptedFindings<HealthCode>, "reasonFor">,
): { problems: HealthProblem[]; accepted: AcceptedProblem[] } {
  const findings = [
    ...unreadable(measured, context),
    ...atItsEnd(measured, context),
    ...columnExceeded(measured, context),
    ...behind(measured, context),
    ...betweenSteps(measured, context),
    ...burned(measured, context),
    ...usageMissing(measured, context),
    ...unlogged(measured, context),
    ...columnNarrower(measured, context),
    ...referenceNarrower(measured, context),
    ...cacheLost(measured, context),
    ...notCompared(measured, context),
    ...notAttached(measured, context),
    ...drawnElsewhere(measured, context),
  ];
  const { sequence } = measured;
  const open: Finding[] = [];
  const byReason = new Map<string, Finding[]>();
  for (const finding of findings) {
    const reason = reasonFor(finding.code, sequence, finding.column);
    if (reason === undefined) open.push(finding);
    else byReason.set(reason, [...(byReason.get(reason) ?? []), finding]);
  }
  const worstFirst = (one: HealthProblem, other: HealthProblem) => severityOf(other.level) - severityOf(one.level);
  const accepted = [...byReason].flatMap(([reason, found]) =>
    mergeFindings(sequence, found).map((problem) => ({ ...problem, reason })),
  );
  return { problems: mergeFindings(sequence, open).sort(worstFirst), accepted: accepted.sort(worstFirst) };
}

/** A finding about the sequence itself. */
function own(code: HealthCode, level: HealthLevel, sentence: string, { hint, fix }: Advice): Finding {
  return { code, level, column: null, say: () => sentence, hint, fix };
}

function unreadable(measured: Measurements, { sequence, user, unreadable }: Context): Finding[] {
  if (measured.nextValue !== null) return [];
  const unknown = whyUnknown(sequence);
  if (unknown !== undefined) return [own("UNREADABLE", "warning", unknown.reason, { hint: unknown.hint })];
  const grant = `grant select on sequence ${quotedOf(measured.sequence)} to ${storedIdentifier(user).text}`;
  const advice = grantForAll(unreadable, user) ?? { hint: `Let ${shownName(user)} read it.`, fix: grant };
  return [own("UNREADABLE", "warning", "the connected role may not read its value", advice)];
}

function atItsEnd(measured: Measurements, context: Context): Finding[] {
  const { used, left, end, cycles, columns } = measured;
  if (used === null || left === null) return [];
  const level = levelOf(used, context);
  const advice = adviceOf(wideningAdvice(context.sequence, context.fed, context.range));
  if (cycles) {
    // If values may repeat, starting over is intended.
    const once = columns.filter(({ unique }) => unique);
    if (level === "ok") return [];
    const sentence = `after ${counted(left)} more values (${percent(used)} used) it starts over`;
    return once.map((column) => ({
      code: "NEARLY_EXHAUSTED",
      level,
      column,
      say: (these) => `${sentence}: inserts into ${these} may fail with 23505`,
      ...advice,
    }));
  }
  if (left === 0n) {
    // If the sequence continues and a column cannot, COLUMN_EXCEEDED or BEHIND_COLUMN reports it.
    if (columnExceeded(measured, context).length > 0 || context.collision !== undefined) return [];
    return [own("EXHAUSTED", "critical", `no value is left up to ${end}: nextval fails with 2200H`, advice)];
  }
  if (level === "ok") return [];
  const values = left === 1n ? "value is" : "values are";
  const sentence = `${percent(used)} is used, and ${counted(left)} ${values} left up to ${end}`;
  return [own("NEARLY_EXHAUSTED", level, sentence, advice)];
}

function adviceOf({ hint, fix }: Advice): Advice {
  return { hint, fix };
}

function levelOf(used: number, { warnAt, criticalAt }: Context): HealthLevel {
  return used >= criticalAt ? "critical" : used >= warnAt ? "warning" : "ok";
}

function columnExceeded(measured: Measurements, context: Context): Finding[] {
  const { nextValue } = measured;
  if (nextValue === null) return [];
  return context.fed
    .filter((column) => isExceeded(column, nextValue, context))
    .map((column) => ({
      code: "COLUMN_EXCEEDED",
      level: "critical",
      column,
      kind: typeOf(column),
      say: (these) =>
        `its next value ${nextValue} does not fit ${these} (${typeOf(column)}): inserts fail with ${refusalOf(column)}`,
      ...columnWideningAdvice(column),
    }));
}

/** Names the type that refuses values: that of the column, or that of a narrower cast in its default. */
function typeOf(column: FedColumn): string {
  return castOf(column) === undefined ? shortType(column.type) : `cast to ${column.castType}`;
}

function refusalOf(column: FedColumn): string {
  return castOf(column) === undefined ? refusalBy(column.baseType) : "22003";
}

function columnNarrower(measured: Measurements, { fed, sequence }: Context): Finding[] {
  const { increment, nextValue } = measured;
  const { minValue, maxValue } = sequence.options;
  const last = increment > 0n ? maxValue : minValue;
  return fed
    .filter((column) => column.plain && !holds(column, last) && (nextValue === null || holds(column, nextValue)))
    .map((column) => {
      const limits = limitsOfStored(column);
      const end = increment > 0n ? limits?.greatest : limits?.least;
      return {
        code: "COLUMN_NARROWER",
        level: "ok",
        column,
        kind: typeOf(column),
        say: (these) => `inserts into ${these} fail with ${refusalOf(column)} after ${end}, before it ends`,
        ...columnWideningAdvice(column),
      };
    });
}

function usageMissing(measured: Measurements, { fed }: Context): Finding[] {
  return fed.flatMap((column) =>
    column.rolesWithoutUsage.map(({ role, schema, table }): Finding => {
      const grantee = role === "public" ? role : storedIdentifier(role).text;
      return {
        code: "USAGE_MISSING",
        level: "warning",
        column,
        name: shownName(role),
        noun: "roles",
        kind: JSON.stringify([schema, table]),
        say: (these) =>
          `inserts by ${these} into ${shownName(schema, table)} fail with 42501, because USAGE is missing`,
        hint: "Grant USAGE on the sequence, or revoke INSERT on the table.",
        fix: `grant usage on sequence ${quotedOf(measured.sequence)} to ${grantee}`,
      };
    }),
  );
}

function unlogged(measured: Measurements, { sequence, fed }: Context): Finding[] {
  if (!sequence.options.unlogged) return [];
  const logged = fed.filter(
    ({ otherDefault, stranger, unlogged: isUnlogged, kind }) =>
      otherDefault === null && stranger === null && !isUnlogged && kind !== "view",
  );
  return logged.map((column) => ({
    code: "UNLOGGED",
    level: "warning",
    column,
    name: shownName(column.schema, column.table),
    noun: "tables",
    say: (these, areMany) =>
      `it is unlogged, but ${these} ${areMany ? "are" : "is"} not: after a crash of the server it starts over`,
    hint: `Make it logged${alsoDeclared(sequence)}`,
    fix: `alter sequence ${quotedOf(measured.sequence)} set logged`,
  }));
}

function cacheLost(measured: Measurements, { sequence }: Context): Finding[] {
  const { cache, left } = measured;
  if (cache === 1n) return [];
  const enough = left === null ? "" : `, enough for ${left / cache + 1n} connections`;
  const sentence = `each connection reserves ${cache} values, and loses those that it does not use${enough}`;
  return [
    own("CACHE_LOST", "ok", sentence, {
      hint: `With short connections or a pooler, lower the cache${alsoDeclared(sequence)}`,
      fix: `alter sequence ${quotedOf(measured.sequence)} cache 1`,
    }),
  ];
}
