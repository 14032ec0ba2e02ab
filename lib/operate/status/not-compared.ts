import { type Advice, storedIdentifier } from "../../internal.js";
import { columnOf, quotedOf, shownName } from "../../server/names.js";
import { hintFor, neverComparableReason, NO_INDEX, TOO_SLOW, UNREADABLE } from "../columns/comparability.js";
import { type FedColumn, mayRefuse, takesOnce } from "../columns/fed-columns.js";
import type { Finding } from "./findings.js";
import { grantForAll } from "./missing-grants.js";
import type { Context, Measurements } from "./problem-context.js";

/**
 * Reports columns that were not compared, so their sequence may be behind unseen. It is a warning if reading the column
 * would tell and the next insert may fail. Otherwise a role without the privilege would see a healthy database.
 */
export function notCompared(measured: Measurements, { fed, user, unreadable }: Context): Finding[] {
  return measured.columns.flatMap((column, index): Finding[] => {
    const reason = column.notCompared;
    const source = fed[index];
    // A sequence that the role may not read is reported as another problem.
    if (source === undefined || reason === UNREADABLE) return [];
    if (reason === null) return notEvaluated(source);
    const mayFail = mayRefuse(source);
    // The values of a sequence that cycles come again. What a default or a trigger makes of them may still not fit.
    if (measured.cycles && !mayFail && source.plain && source.setBy === null) return [];
    const isNormal = reason === NO_INDEX || neverComparableReason(source) !== undefined;
    const isKey = reason === TOO_SLOW ? takesOnce(source) : column.unique;
    const open = mayFail ? ", so inserts may fail with 23505" : "";
    return [
      {
        code: "NOT_COMPARED",
        level: isKey && !isNormal ? "warning" : "ok",
        column,
        kind: `${open}: ${reason}`,
        say: (these, areMany) => `${these} ${areMany ? "were" : "was"} not compared${open}: ${reason}`,
        ...adviceFor(source, reason, user, unreadable),
      },
    ];
  });
}

/**
 * Reports a key that may refuse other values than those that the column has, and a trigger that may set other values
 * than those of the sequence.
 */
function notEvaluated(source: FedColumn): Finding[] {
  const { computedKey, setBy } = source;
  const found = { code: "NOT_COMPARED", level: "ok", column: source } as const;
  return [
    ...(computedKey === null
      ? []
      : [
          {
            ...found,
            kind: computedKey,
            say: (these: string) =>
              `the index ${shownName(computedKey)} computes something of ${these}, which was not evaluated`,
            hint: "The index may refuse values that the column does not have.",
          },
        ]),
    ...(setBy === null
      ? []
      : [
          {
            ...found,
            kind: setBy.name,
            say: (these: string) => `the trigger ${shownName(setBy.name)} may set ${these}, which was not evaluated`,
            hint: "The column may have values that do not come from the sequence.",
          },
        ]),
  ];
}

function adviceFor(fed: FedColumn, reason: string, user: string, unreadable: number): Advice {
  const { schema, table, column, mayRead } = fed;
  if (neverComparableReason(fed) === undefined && !mayRead) {
    const role = storedIdentifier(user).text;
    const name = storedIdentifier(schema, table).text;
    return (
      grantForAll(unreadable, user) ?? {
        hint: `Let ${shownName(user)} read the column, which also needs USAGE on the schema.`,
        fix: `grant select (${storedIdentifier(column).text}) on table ${name} to ${role}`,
      }
    );
  }
  return { hint: hintFor(fed, reason) };
}

/** Reports a sequence that no column leads to. It may be behind as well, and its row would otherwise only say "ok". */
export function notAttached(measured: Measurements, { sequence }: Context): Finding[] {
  if (measured.columns.length > 0) return [];
  const { feeds, namedIn } = sequence;
  const nothing = "no default of a column draws from it";
  const [names, noun, say]: [readonly string[], string, Finding["say"]] =
    feeds.length > 0
      ? [feeds.map(columnOf), "columns", (these) => `only a function, a view or a rule leads from it to ${these}`]
      : namedIn.length > 0
        ? [namedIn, "places", (these) => `${nothing}, but ${these} may`]
        : [[], "", () => `${nothing}, but programs, functions or triggers may`];
  const found = {
    code: "NOT_ATTACHED",
    level: "ok",
    column: null,
    noun,
    say,
    hint:
      "Name its column in feeds of the declaration or the configuration, " +
      `or run alter sequence ${quotedOf(measured.sequence)} owned by TABLE.COLUMN.`,
  } as const;
  return names.length === 0 ? [found] : names.map((name) => ({ ...found, name }));
}

/** Reports code that draws from a sequence which also feeds columns. What the code fills is not known. */
export function drawnElsewhere(measured: Measurements, { sequence }: Context): Finding[] {
  if (measured.columns.length === 0) return [];
  const { feeds, namedIn, isReferenced } = sequence;
  const listed = new Set(measured.columns.map(columnOf));
  // Without such an object, an indirect feed is that of a partition, which goes with its table.
  const others = isReferenced ? feeds.filter((feed) => feed.indirect && !listed.has(columnOf(feed))).map(columnOf) : [];
  const [names, noun, say]: [readonly string[], string, Finding["say"]] =
    others.length > 0
      ? [others, "columns", (these) => `a function, a view or a rule also leads from it to ${these}`]
      : [namedIn, "places", (these) => `${these} may also draw from it`];
  const hint = "Let a column own the sequence to compare the column with it.";
  return names.map((name) => ({ code: "DRAWN_ELSEWHERE", level: "ok", column: null, name, noun, say, hint }));
}
