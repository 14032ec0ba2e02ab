import { NextvalError } from "../index.js";
import { didYouMean } from "../internal.js";
import { isPattern, matcherOf, mayMatchIn, sequenceMatcher } from "../server/name-patterns.js";
import type { ColumnName, SequenceName } from "../server/name-shapes.js";

/**
 * A finding that is known and accepted, as {@link sequenceStatus} and {@link planTransfer} take it. It does not count
 * for the level, and is reported with its reason.
 */
export interface AcceptedFinding<Code extends string = string> {
  /** The code of the finding. */
  readonly code: Code;
  /** The sequence, as `name` or `schema.name`. `*` stands for any characters. */
  readonly sequence: string;
  /**
   * The column, as `table.column` or `schema.table.column`. `*` stands for any characters. Default: every finding of
   * the sequence with this code.
   */
  readonly column?: string | undefined;
  /** Why it is accepted. */
  readonly reason: string;
}

/** The option `accepted` of a function, which remembers what has matched. */
export interface AcceptedFindings<Code extends string> {
  /** Returns why a finding is accepted; undefined if it is not. */
  reasonFor(code: Code, sequence: SequenceName, column: ColumnName | null): string | undefined;
  /** Returns the entries that have matched nothing so far. */
  unmatched(): AcceptedFinding<Code>[];
}

/**
 * Reads the option `accepted` of a function.
 *
 * @param codes - every code that a finding can have
 */
export function acceptedFindings<Code extends string>(
  what: string,
  given: readonly AcceptedFinding<Code>[] | undefined,
  codes: readonly Code[],
): AcceptedFindings<Code> {
  if (given !== undefined && !Array.isArray(given)) {
    throw new NextvalError("INVALID_ARGUMENT", `${what} takes accepted as a list, not ${JSON.stringify(given)}`, {
      hint: HINT,
    });
  }
  const entries = (given ?? []).map((entry: AcceptedFinding<Code>) => {
    const problem = acceptedProblem(entry, codes);
    if (problem !== undefined) {
      const [sentence, hint = HINT] = problem;
      throw new NextvalError("INVALID_ARGUMENT", `${what}: accepted ${sentence}`, { hint });
    }
    const { code, sequence, column, reason } = entry;
    return {
      entry,
      code,
      reason,
      isOf: sequenceMatcher(sequence),
      isIn: column === undefined ? null : matcherOf(column),
    };
  });
  const used = new Set<AcceptedFinding<Code>>();
  return {
    reasonFor(code, sequence, column) {
      const matching = entries.filter(
        (each) =>
          each.code === code &&
          each.isOf(sequence) &&
          (each.isIn === null || (column !== null && columnForms(column).some(each.isIn))),
      );
      for (const { entry } of matching) used.add(entry);
      return matching[0]?.reason;
    },
    unmatched: () => entries.flatMap(({ entry }) => (used.has(entry) ? [] : [entry])),
  };
}

/** The ways to write the name of a column in `accepted`. */
function columnForms({ schema, table, column }: ColumnName): string[] {
  return [`${schema}.${table}.${column}`, `${table}.${column}`];
}

const HINT = 'Write accepted: [{ code: "COLUMN_NARROWER", sequence: "orders_*", reason: "it ends in 2090" }].';

const KEYS = ["code", "sequence", "column", "reason"];

/**
 * Returns what is wrong with an entry of `accepted`, after that word, and a hint if there is one; undefined if it is
 * right.
 */
export function acceptedProblem(
  entry: unknown,
  codes: readonly string[],
): readonly [problem: string, hint?: string | undefined] | undefined {
  if (typeof entry !== "object" || entry === null) return ["has an entry that is not an object"];
  const { code, sequence, column, reason } = entry as Partial<Record<string, unknown>>;
  const unknown = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return [`has an unknown option ${JSON.stringify(unknown)}`, didYouMean(unknown, KEYS)];
  if (typeof code !== "string") return ["has an entry without a code"];
  if (!codes.includes(code)) {
    return [`has an entry with an unknown code ${JSON.stringify(code)}`, didYouMean(code, codes)];
  }
  if (!isPattern(sequence)) return [`has an entry for ${code} without the name of a sequence`];
  if (column !== undefined && !isPattern(column)) {
    return [`has an entry for ${sequence} with a column that is not a name`];
  }
  return isPattern(reason) ? undefined : [`has an entry for ${sequence} without a reason`];
}

/**
 * Entries of `exclude` and `accepted` that match nothing, as {@link sequenceStatus} reports them. They may be mistyped,
 * or no longer needed.
 */
export interface Unmatched<Code extends string = string> {
  /** The patterns of `exclude` that match no sequence. */
  readonly exclude: readonly string[];
  /** The entries of `accepted` that match no finding. */
  readonly accepted: readonly AcceptedFinding<Code>[];
}

/** Keeps the entries that could have matched: those that do not name a schema which was not looked at. */
export function withinSchemas<Code extends string>(
  { exclude, accepted }: Unmatched<Code>,
  schemas: readonly string[] | undefined,
): Unmatched<Code> {
  const mayMatch = mayMatchIn(schemas);
  return { exclude: exclude.filter(mayMatch), accepted: accepted.filter(({ sequence }) => mayMatch(sequence)) };
}
