import { type BlockReading, NextvalError, resolveOptions } from "../index.js";
import { didYouMean, isSequence, sequenceOf, shapeProblem, shown } from "../internal.js";
import { isPattern, mayMatchIn, sequenceMatcher } from "../server/name-patterns.js";
import type { ColumnName, SequenceName } from "../server/name-shapes.js";
import { columnOf, sequenceKeyOf, sequenceNameOf } from "../server/names.js";
import type { FeedOptions, SequenceFeed } from "./reading-options.js";

/** The columns that sequences of a database feed, as declarations and options say. */
export interface DeclaredFeeds {
  readonly columns: readonly { readonly sequence: SequenceName; readonly column: ColumnName }[];
  /** How ids are made of the values, by the keys of the sequences. */
  readonly blocks: ReadonlyMap<string, BlockReading>;
  /** The same in the form of the option `feeds`, with exact names. */
  readonly exact: readonly SequenceFeed[];
  /**
   * Returns the entries for whose sequence no column is among those that were found, so it is mistyped or gone. An
   * entry that matches no sequence is one as well, unless it is that of a declaration.
   */
  unmatched(found: readonly (ColumnName & { readonly sequence: SequenceName })[]): SequenceFeed[];
}

/** Sequences of a database, and the schemas in which a name without a schema is looked up. */
interface Known {
  readonly sequences: readonly { readonly schema: string; readonly seqName: string }[];
  readonly searchPath: readonly string[];
}

/**
 * Finds the sequences that declarations and options mean.
 *
 * @param what - the function that takes the options
 */
export function declaredFeeds(
  what: string,
  { declarations, feeds }: FeedOptions,
  { sequences, searchPath }: Known,
): DeclaredFeeds {
  checkFeeds(what, { declarations, feeds });
  const names = sequences.map(sequenceNameOf);
  const existing = new Map(names.map((name) => [sequenceKeyOf(name), name]));
  const found: { readonly entry: SequenceFeed; readonly isDeclared: boolean; readonly of: readonly SequenceName[] }[] =
    [];
  const blocks = new Map<string, BlockReading>();
  for (const given of declarations ?? []) {
    const { schema, seqName } = sequenceOf(given);
    const nameIn = (each: string): SequenceName => ({ schema: each, name: seqName });
    const own = [...(schema === undefined ? searchPath : [schema])]
      .map(nameIn)
      .find((name) => existing.has(sequenceKeyOf(name)));
    if (own === undefined) continue;
    const options = resolveOptions(given);
    if (options.blocks !== null) blocks.set(sequenceKeyOf(own), options.blocks);
    found.push(
      ...options.feeds.map((target) => ({ entry: { sequence: own, ...target }, isDeclared: true, of: [own] })),
    );
  }
  for (const entry of feeds ?? []) {
    const { sequence, blocks: reading } = entry;
    const exact = typeof sequence === "string" ? undefined : existing.get(sequenceKeyOf(sequence));
    const of = typeof sequence === "string" ? names.filter(sequenceMatcher(sequence)) : exact ? [exact] : [];
    if (reading !== undefined) for (const name of of) blocks.set(sequenceKeyOf(name), reading);
    found.push({ entry, isDeclared: false, of });
  }
  const columnsOf = ({ entry: { schema, table, column }, of }: (typeof found)[number]) =>
    of.map((sequence) => ({ sequence, column: { schema: schema ?? sequence.schema, table, column } }));
  const columns = found.flatMap(columnsOf);
  return {
    columns,
    blocks,
    exact: columns.map(({ sequence, column }) => {
      const reading = blocks.get(sequenceKeyOf(sequence));
      return { sequence, ...column, ...(reading === undefined ? {} : { blocks: reading }) };
    }),
    unmatched(listed) {
      const keys = new Set(listed.map((each) => keyOf(each.sequence, each)));
      return found.flatMap((each) =>
        columnsOf(each).some(({ sequence, column }) => keys.has(keyOf(sequence, column))) ? [] : [each.entry],
      );
    },
  };
}

function keyOf(sequence: SequenceName, column: ColumnName): string {
  return `${sequenceKeyOf(sequence)} ${columnOf(column)}`;
}

function checkFeeds(what: string, { declarations, feeds }: FeedOptions): void {
  if (declarations !== undefined && !(Array.isArray(declarations) && declarations.every(isSequence))) {
    throw new NextvalError("INVALID_ARGUMENT", `${what} takes declarations as a list of sequences`);
  }
  if (feeds !== undefined && !Array.isArray(feeds)) {
    throw new NextvalError("INVALID_ARGUMENT", `${what} takes feeds as a list, not ${shown(feeds)}`, { hint: HINT });
  }
  for (const entry of feeds ?? []) {
    const problem = feedProblem(entry);
    if (problem !== undefined) {
      const [sentence, hint = HINT] = problem;
      throw new NextvalError("INVALID_ARGUMENT", `${what}: feeds ${sentence}`, { hint });
    }
  }
}

const HINT = 'Write feeds: [{ sequence: "order_seq", table: "orders", column: "id" }].';

const KEYS = ["sequence", "schema", "table", "column", "blocks"];

/**
 * Returns what is wrong with an entry of `feeds`, after that word, and a hint if there is one; undefined if it is
 * right.
 */
export function feedProblem(entry: unknown): readonly [problem: string, hint?: string | undefined] | undefined {
  if (typeof entry !== "object" || entry === null) return ["has an entry that is not an object"];
  const unknown = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return [`has an unknown option ${JSON.stringify(unknown)}`, didYouMean(unknown, KEYS)];
  const { sequence, schema, table, column, blocks } = entry as Partial<Record<string, unknown>>;
  if (!isPattern(sequence) && !isName(sequence)) return ["has an entry without the name of a sequence"];
  const target = { ...(schema === undefined ? {} : { schema }), table, column };
  const problem = shapeProblem("feeds", target) ?? shapeProblem("blocks", blocks);
  return problem === undefined ? undefined : [`has a wrong entry, because ${problem}`];
}

function isName(given: unknown): given is SequenceName {
  const { schema, name } = Object(given) as Partial<SequenceName>;
  return isPattern(schema) && isPattern(name);
}

/** Keeps the entries that could have matched: those that do not name a schema which was not looked at. */
export function feedsWithin(entries: readonly SequenceFeed[], schemas: readonly string[] | undefined): SequenceFeed[] {
  const mayMatch = mayMatchIn(schemas);
  return entries.filter(({ sequence }) =>
    typeof sequence === "string" ? mayMatch(sequence) : schemas?.includes(sequence.schema) !== false,
  );
}
