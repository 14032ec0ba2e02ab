import { NextvalError } from "../../index.js";
import { columnOf, nameOf, shownName, shownNameOf, givenName } from "../../server/names.js";
import type { DatabaseState, FedColumn, SequenceState, StateColumn, StateOptions } from "../inspect/state.js";
import type { Question } from "./change.js";
import { sequencesOfTable, tableOf } from "./state-index.js";
import type { Target } from "./target.js";

const COMPARED = ["as", "startWith", "increment", "minValue", "maxValue", "cache", "cycle", "unlogged"] as const;

/** Each question stops a plan, so more of them for one declaration only make it longer. */
const MAX_ASKED = 10;

type Context = Pick<DatabaseState, "sequences" | "defaultSchema" | "tables">;

/**
 * Asks about each declaration that may be another sequence of the database under a new name. There are two signs:
 *
 * - The column that it is to belong to takes its values from a sequence that is not declared. This is the surest sign.
 * - It would be created in addition to a sequence that is not declared. Both have the same options, share a word of
 *   their names, or are the only ones.
 *
 * It asks about at most ten sequences for each declaration. Another role may have created thousands.
 *
 * @param isNew - the names of declarations that are new sequences
 */
export function questionsOf(
  pairs: readonly (readonly [Target, SequenceState | undefined])[],
  undeclared: readonly SequenceState[],
  state: Context,
  isNew: readonly string[],
): Question[] {
  const answered = targetsNamed(
    isNew,
    pairs.map(([target]) => target),
    state,
  );
  const created = pairs.filter(([{ options }, found]) => found === undefined && options.identity === null).length;
  // A sequence of a column was created with its table, and stays with it.
  const free = undeclared.filter(({ options }) => options.ownedBy === null);
  const isOnly = created === 1 && free.length === 1;
  const ofIdentity = state.sequences.filter(({ definedBy }) => definedBy === "identity");
  const feeding = byColumn([...undeclared, ...ofIdentity]);
  let known: Candidates | undefined;
  const candidates = () => (known ??= candidatesOf(free));
  return pairs.flatMap(([target, found]) => {
    if (answered.has(target)) return [];
    if (target.options.identity !== null) {
      return found === undefined ? identityOf(target, ofIdentity).map((each) => askForRename(target, each)) : [];
    }
    const feeders = feedersOf(target, found, feeding, state);
    if (found !== undefined || feeders.some(({ definedBy }) => definedBy === "identity")) {
      return feeders.map((feeder) => askForSecond(target, found, feeder));
    }
    const alike = isOnly ? free.filter((each) => mayBecome(target, each)) : alikeIn(candidates(), target);
    return [...new Set([...feeders, ...alike])].slice(0, MAX_ASKED).map((each) => askForRename(target, each));
  });
}

/** Finds the sequence that the identity column of a declaration has now, by another name. */
function identityOf({ schema, options }: Target, ofIdentity: readonly SequenceState[]): SequenceState[] {
  const { ownedBy } = options;
  return ownedBy === null
    ? []
    : sequencesOfTable(ofIdentity, ownedBy.table).filter(
        (each) => each.schema === schema && each.options.ownedBy?.column === ownedBy.column,
      );
}

/** Finds the targets with these names. An unqualified name is that of the default schema, as in `renames`. */
function targetsNamed(
  names: readonly string[],
  targets: readonly Target[],
  { defaultSchema }: Pick<DatabaseState, "defaultSchema">,
): Set<Target> {
  if (names.length === 0) return new Set();
  const known = new Map<string, Target>();
  for (const target of targets) {
    const forms = [
      nameOf(target),
      nameOf(target.declared),
      ...(target.schema === defaultSchema ? [target.seqName] : []),
    ];
    for (const form of forms) if (!known.has(form)) known.set(form, target);
  }
  return new Set(
    names.map((name) => {
      const target = known.get(name);
      if (target !== undefined) return target;
      throw new NextvalError(
        "INVALID_ARGUMENT",
        `${givenName(name)}: it cannot be new, because no declaration has that name`,
        {
          sequence: name,
        },
      );
    }),
  );
}

/** A sequence, and the schema of a column that takes its values from it. */
interface Feeder {
  readonly schema: string;
  readonly sequence: SequenceState;
}

type Feeders = ReadonlyMap<string, readonly Feeder[]>;

/** Groups sequences by the tables and columns that own them, or that draw from them by default. */
function byColumn(sequences: readonly SequenceState[]): Feeders {
  const columns = new Map<string, Feeder[]>();
  for (const sequence of sequences) {
    for (const { schema, table, column } of sequence.feeds.filter(({ indirect }) => !indirect)) {
      const key = columnKey({ table, column });
      const group = columns.get(key);
      if (group === undefined) columns.set(key, [{ schema, sequence }]);
      else group.push({ schema, sequence });
    }
  }
  return columns;
}

function columnKey({ table, column }: { readonly table: string; readonly column: string }): string {
  return JSON.stringify([table, column]);
}

/**
 * Returns the other sequences that feed the column that a sequence comes to belong to. If the table of a new sequence
 * is missing in its schema, the table may have been moved, and its sequence with it.
 */
function feedersOf(
  { schema, options: { ownedBy } }: Target,
  found: SequenceState | undefined,
  feeding: Feeders,
  state: Context,
): readonly SequenceState[] {
  if (ownedBy === null) return [];
  const isItsOwn = (each: StateColumn) => each.schema === schema && columnKey(each) === columnKey(ownedBy);
  if (found?.feeds.some(isItsOwn) === true) return [];
  const feeders = feeding.get(columnKey(ownedBy)) ?? [];
  const isMissing = found === undefined && tableOf(state, schema, ownedBy.table) === undefined;
  return feeders
    .filter((each) => (isMissing ? each.sequence.definedBy === "user" : each.schema === schema))
    .map(({ sequence }) => sequence);
}

function changesOf({ options }: Target, state: SequenceState): (typeof COMPARED)[number][] {
  return COMPARED.filter((option) => state.options[option] !== options[option]);
}

/** The sequences that may have been renamed, by what they can have in common with a declaration. */
interface Candidates {
  /** Those of a schema, by a word of their names. */
  readonly byWord: Groups;
  /** Those of a schema, by their options. */
  readonly byOptions: Groups;
  /** Those of any schema, by their names. */
  readonly byName: Groups;
  readonly order: ReadonlyMap<SequenceState, number>;
}

type Groups = Map<string, SequenceState[]>;

function candidatesOf(free: readonly SequenceState[]): Candidates {
  const [byWord, byOptions, byName]: [Groups, Groups, Groups] = [new Map(), new Map(), new Map()];
  const add = (groups: Groups, key: string, sequence: SequenceState) => {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sequence]);
    else group.push(sequence);
  };
  for (const sequence of free) {
    const { schema, seqName, options } = sequence;
    for (const word of new Set(wordsOf(seqName))) add(byWord, JSON.stringify([schema, word]), sequence);
    add(byOptions, JSON.stringify([schema, ...comparedOf(options)]), sequence);
    add(byName, seqName, sequence);
  }
  return { byWord, byOptions, byName, order: new Map(free.map((each, index) => [each, index])) };
}

/** Writes the compared options as text. */
function comparedOf(options: StateOptions): string[] {
  return COMPARED.map((option) => String(options[option]));
}

/**
 * Finds sequences whose names share a word with a declaration, as `order_seq` and `sales_order_seq` share "order", and
 * then those with the same options. Only those of the same schema or name can become it.
 */
function alikeIn({ byWord, byOptions, byName, order }: Candidates, target: Target): SequenceState[] {
  const { schema, seqName, options } = target;
  const words = new Set(wordsOf(seqName));
  const named = byName.get(seqName) ?? [];
  const isSimilar = (each: SequenceState) => wordsOf(each.seqName).some((word) => words.has(word));
  const firstOf = (...groups: readonly (readonly SequenceState[])[]) =>
    [...new Set(groups.flatMap((group) => group.slice(0, MAX_ASKED)))]
      .sort((one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0))
      .slice(0, MAX_ASKED);
  const similar = firstOf(
    ...[...words].map((word) => byWord.get(JSON.stringify([schema, word])) ?? []),
    words.size === 0 ? [] : named,
  );
  if (similar.length === MAX_ASKED) return similar;
  const sameOptions = byOptions.get(JSON.stringify([schema, ...comparedOf(options)])) ?? [];
  // Fewer than MAX_ASKED of the sequences share a word.
  const others = sameOptions.slice(0, 2 * MAX_ASKED).filter((each) => !isSimilar(each));
  const elsewhere = named.filter((each) => words.size === 0 && changesOf(target, each).length === 0);
  return [...similar, ...firstOf(others, elsewhere)];
}

/** Whether a rename or a move alone would lead from a sequence to the declaration. */
function mayBecome({ schema, seqName }: Target, state: SequenceState): boolean {
  return state.schema === schema || state.seqName === seqName;
}

function wordsOf(name: string): string[] {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return words.filter((word) => word.length > 2 && !["seq", "sequence"].includes(word));
}

function askForRename(target: Target, state: SequenceState): Question {
  const [oldName, newName] = [shownNameOf(state), shownNameOf(target.declared)];
  const changes = changesOf(target, state);
  const fed = fedBy(state, target);
  const facts = [
    "is no longer declared",
    ...(fed === undefined ? [] : [`${fed.byDefault ? "feeds" : "belongs to"} ${columnOf(fed)}`]),
    changes.length === 0 ? "has the same options" : `differs in ${changes.join(", ")}`,
  ];
  const [last, ...others] = facts.reverse();
  const isMoved = fed !== undefined && fed.schema !== target.schema;
  return {
    subject: nameOf(target.declared),
    oldName: nameOf(state),
    yes: "rename",
    message: `Is ${newName} the new name of ${oldName}, which ${others.reverse().join(", ")} and ${last}?`,
    otherwise:
      `Otherwise ${newName} begins at ${target.options.startWith}` +
      `${fed?.byDefault === true ? `, and ${columnOf(fed)} goes on drawing from ${oldName}` : ""}.` +
      `${isMoved ? ` If the table was moved to schema ${shownName(fed.schema)}, declare its sequence there.` : ""}`,
  };
}

/**
 * Asks about a second sequence of a column. The only answer is "new": a taken name cannot be given, and the sequence of
 * an identity column is not declared beside it.
 */
function askForSecond(target: Target, found: SequenceState | undefined, state: SequenceState): Question {
  const [oldName, newName] = [shownNameOf(state), shownNameOf(target.declared)];
  const fed = fedBy(state, target);
  const column = fed === undefined ? "" : columnOf(fed);
  const isIdentity = state.definedBy === "identity";
  return {
    subject: nameOf(target.declared),
    oldName: nameOf(state),
    yes: "new",
    message:
      `${newName} is to belong to ${column}, ` +
      `${fed?.byDefault === true ? "which takes its values from" : "and so does"} ` +
      `${isIdentity ? "its identity" : "another"} sequence ${oldName}. ` +
      `Is ${newName} really a second sequence beside it?`,
    otherwise: isIdentity
      ? `Otherwise take ${newName} out of the declarations${found === undefined ? "" : ", and drop it"}.`
      : `Otherwise ${newName} may be the new name of ${oldName}: drop ${newName}, if nothing draws from it, ` +
        "and rename the other.",
  };
}

/** Returns the column of a sequence that a declaration names as its owner. */
function fedBy(state: SequenceState, { options: { ownedBy } }: Target): FedColumn | undefined {
  return state.feeds.find((each) => ownedBy !== null && !each.indirect && columnKey(each) === columnKey(ownedBy));
}
