import { NextvalError, type NextvalErrorCode } from "../index.js";
import { type Advice, didYouMean, sequenceName as nameOf, storedIdentifier } from "../internal.js";
import type { ColumnName, SequenceName } from "./name-shapes.js";

export type { ColumnName, SequenceName };

/** The name of a sequence as data: in plans, in reports, and in `sequence` of an error. */
export { nameOf };

/** Makes a key for maps, unique whatever characters the names have. */
export function keyOf({ schema, seqName }: { readonly schema: string; readonly seqName: string }): string {
  return JSON.stringify([schema, seqName]);
}

/** Returns the name of a sequence that `inspectSequences` found. */
export function sequenceNameOf({ schema, seqName }: { schema: string; seqName: string }): SequenceName {
  return { schema, name: seqName };
}

/** Makes a key for maps. `keyOf` makes the same key for a sequence that `inspectSequences` found. */
export function sequenceKeyOf({ schema, name }: SequenceName): string {
  return keyOf({ schema, seqName: name });
}

/**
 * Writes a name for a message. Parts that need quotes get them, so `a."b.c"` and `"a.b".c` differ, and a name with
 * spaces is told from the words around it. A part that is undefined is left out.
 */
export function shownName(...parts: readonly (string | undefined)[]): string {
  const given = parts.filter((part) => part !== undefined);
  return given.map((part) => (isPlain(part) ? part : `"${part.replaceAll('"', '""')}"`)).join(".");
}

/** Whether a name needs no quotes. Source: "Lexical Structure", section "Identifiers and Key Words". */
function isPlain(part: string): boolean {
  return /^[\p{Ll}\p{Lo}_][\p{Ll}\p{Lo}\d_$]*$/u.test(part);
}

/** The name of a sequence in messages: `billing.invoice_seq`. */
export function titleOf({ schema, name }: SequenceName): string {
  return shownName(schema, name);
}

/** The name of a sequence in messages, as it is declared or as `inspectSequences` found it. */
export function shownNameOf({ schema, seqName }: { schema: string | undefined; seqName: string | undefined }): string {
  return shownName(schema, seqName);
}

/**
 * Makes a function that finds the sequences which a name given by a user may mean. Its parts may be in SQL's double
 * quotes. Without a schema it is in the default one. A name without quotes is compared as a whole, because it may have
 * dots.
 */
export function finderOf<Sequence extends { readonly schema: string; readonly seqName: string }>(
  sequences: readonly Sequence[],
  defaultSchema: string | null,
): (given: string) => readonly Sequence[] {
  const known = new Map<string, Sequence[]>();
  for (const sequence of sequences) {
    for (const form of formsOf(sequence, defaultSchema)) {
      const group = known.get(form);
      if (group === undefined) known.set(form, [sequence]);
      else group.push(sequence);
    }
  }
  return (given) => known.get(given) ?? [];
}

/** Returns the ways to write the name of a sequence. */
function formsOf({ schema, seqName }: { schema: string; seqName: string }, defaultSchema: string | null): Set<string> {
  const [schemas, names] = [schema, seqName].map((part) => [part, storedIdentifier(part).text]) as [string[], string[]];
  const whole = schemas.flatMap((first) => names.map((name) => `${first}.${name}`));
  return new Set(schema === defaultSchema ? [...whole, ...names] : whole);
}

/** Suggests the sequence that a user may have meant by an unknown name, as a hint. */
export function suggestionFor(
  given: string,
  sequences: readonly { readonly schema: string; readonly seqName: string }[],
  defaultSchema: string | null,
): string | undefined {
  const isBare = !given.includes(".");
  const known = sequences.map((each) => (isBare && each.schema === defaultSchema ? each.seqName : nameOf(each)));
  return didYouMean(given, known);
}

/** Throws an error about a sequence, in a sentence that begins with its name. */
export function refuseFor(
  { schema, name }: SequenceName,
  problem: string,
  code: NextvalErrorCode,
  advice?: Advice,
): never {
  refuseDeclared({ schema, seqName: name }, problem, code, advice);
}

/** The same for a declared sequence, whose name is shown with quotes where SQL needs them. */
export function refuseDeclared(
  subject: { readonly schema: string | undefined; readonly seqName: string | undefined },
  problem: string,
  code: NextvalErrorCode = "INVALID_ARGUMENT",
  advice: Advice = {},
): never {
  throw new NextvalError(code, `${shownNameOf(subject)}: ${problem}`, { ...advice, sequence: nameOf(subject) });
}

/** The quoted name of a sequence, for a statement: `"billing"."invoice_seq"`. */
export function quotedOf({ schema, name }: SequenceName): string {
  return storedIdentifier(schema, name).text;
}

/** Compares names for sorting, the same way on every machine. */
export function compareNames(one: SequenceName, other: SequenceName): number {
  const [a, b] = one.schema === other.schema ? [one.name, other.name] : [one.schema, other.schema];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The name of a column in messages: `billing.invoices.id`. */
export function columnOf({ schema, table, column }: ColumnName): string {
  return shownName(schema, table, column);
}

/** No message is longer, with names of ordinary length. */
export const MAX_MESSAGE = 160;

/** A message names at most this many of several things. */
const MAX_NAMED = 3;

/**
 * Writes a message about several things, such as columns, and names as many of them as fit.
 *
 * ```ts
 * naming("s", ["a.id", "b.id"], "columns", (these) => `inserts into ${these} fail`);
 * // "s: inserts into a.id, b.id fail", or for more columns: "s: inserts into 27 columns (a.id, b.id, ...) fail"
 * ```
 *
 * @param subject - the name of the sequence, with which the message begins
 * @param noun - the plural of the kind of things
 */
export function naming(
  subject: string,
  names: readonly string[],
  noun: string,
  say: (these: string, areMany: boolean) => string,
): string {
  const message = (these: string) => `${subject}: ${say(these, names.length > 1)}`;
  const all = message(names.join(", "));
  if (names.length < 2 || (names.length <= MAX_NAMED && all.length <= MAX_MESSAGE)) return all;
  for (let shown = Math.min(MAX_NAMED, names.length - 1); shown > 0; shown--) {
    const some = message(`${names.length} ${noun} (${names.slice(0, shown).join(", ")}, ...)`);
    if (some.length <= MAX_MESSAGE) return some;
  }
  return message(`${names.length} ${noun}`);
}

/** Writes a name as the user has given it. It is in quotes if it could not be told from the words around it. */
export function givenName(name: string): string {
  return /^[\p{L}\p{N}_$."*]+$/u.test(name) ? name : JSON.stringify(name);
}
