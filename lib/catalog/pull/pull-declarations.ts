import {
  NextvalError,
  pgSchema,
  pgSequence,
  resolveOptions,
  type SequenceLike,
  type SequenceOptions,
} from "../../index.js";
import { checkKnown, isSequence, shown } from "../../internal.js";
import { excluded } from "../../server/name-patterns.js";
import { keyOf, sequenceNameOf, shownNameOf } from "../../server/names.js";
import type { DatabaseState, SequenceState, StateOptions } from "../inspect/state.js";
import { identifiersOf } from "./constant-names.js";
import { constantSource, type Option, plain, quoted } from "./print-constant.js";

/** Options of {@link pullDeclarations}. */
export interface PullOptions {
  /** Whether to declare the sequences of identity columns too, with `identity`. Default: false. */
  readonly identity?: boolean | undefined;
  /** The sequences to leave out, as `name` or `schema.name`. `*` stands for any characters. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Declarations of before. The options that no database has are kept from them: `feeds`, `blocks` and `mode`. Default:
   * none.
   */
  readonly keep?: readonly SequenceLike[] | undefined;
}

/**
 * Writes TypeScript source that declares the sequences of a database, for a project that begins to use nextval.
 *
 * ```ts
 * pullDeclarations(await inspectSequences(db));
 * // import { pgSchema, pgSequence } from "nextval";
 * //
 * // export const billing = pgSchema("billing");
 * // export const invoiceSeq = billing.sequence("invoice_seq", { as: "integer" });
 * //
 * // export const orderSeq = pgSequence("order_seq", { startWith: 100 });
 * ```
 *
 * There is a constant for each sequence, with the options that differ from PostgreSQL's defaults. A plan of the source
 * for the same database is empty. Sequences of extensions are only named in comments, because they must not be
 * declared, and so are those of identity columns without `identity: true`. Constants are named after their sequences,
 * each name only once. A sequence of the default schema is declared without a schema. `keep` takes the declarations of
 * before, whose `feeds`, `blocks` and `mode` are kept.
 */
export function pullDeclarations(
  { sequences, defaultSchema, searchPath }: DatabaseState,
  options: PullOptions = {},
): string {
  checkKnown("pullDeclarations", options, ["identity", "exclude", "keep"]);
  const { identity = false, exclude, keep = [] } = options;
  if (!Array.isArray(keep) || !keep.every(isSequence)) {
    throw new NextvalError("INVALID_ARGUMENT", "pullDeclarations takes keep as a list of sequences");
  }
  const kept = keptFrom(keep as readonly SequenceLike[], sequences, searchPath);
  if (typeof identity !== "boolean") {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `pullDeclarations takes identity as true or false, not ${shown(identity)}`,
    );
  }
  const exclusion = excluded("pullDeclarations", exclude);
  const pulled = sequences.filter((sequence) => !exclusion.has(sequenceNameOf(sequence)));
  const sorted = pulled.sort((a, b) => byCodeUnit(a.schema, b.schema) || byCodeUnit(a.seqName, b.seqName));
  const reasons = new Map(sorted.map((sequence) => [sequence, reasonToLeaveOut(sequence, identity)]));
  const declared = sorted.filter((sequence) => reasons.get(sequence) === undefined);
  const { ofSequence, ofSchema } = identifiersOf(declared, defaultSchema);

  const blocks = [...new Set(sorted.map(({ schema }) => schema))].map((schema) => {
    const parent = ofSchema.get(schema);
    const lines = sorted
      .filter((sequence) => sequence.schema === schema)
      .map((sequence) => {
        const identifier = ofSequence.get(sequence);
        if (identifier === undefined) return plain(`// Left out: ${shownNameOf(sequence)}, ${reasons.get(sequence)}.`);
        const callee = parent === undefined ? "pgSequence" : `${parent}.sequence`;
        return constantSource(identifier, callee, quoted(sequence.seqName), [
          ...optionsOf(sequence),
          ...keptOptions(sequence, kept.get(keyOf(sequence))),
        ]);
      });
    if (parent !== undefined) lines.unshift(constantSource(parent, "pgSchema", quoted(schema)));
    return lines.join("\n");
  });

  const imports = [
    ...(ofSchema.size > 0 ? ["pgSchema"] : []),
    ...(declared.some(({ schema }) => !ofSchema.has(schema)) ? ["pgSequence"] : []),
  ];
  const head =
    imports.length > 0
      ? `import { ${imports.join(", ")} } from "nextval";`
      : "// The database has no sequences to declare.\nexport {};";
  return `${[head, ...blocks].join("\n\n")}\n`;
}

/** Compares the same way on every machine, whatever its language. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function reasonToLeaveOut(sequence: SequenceState, withIdentity: boolean): string | undefined {
  if (sequence.definedBy === "identity" && !withIdentity) return "which belongs to an identity column";
  if (sequence.definedBy === "extension") return "which belongs to an extension";
  try {
    pgSchema(sequence.schema).sequence<string, SequenceOptions>(sequence.seqName, givenOf(sequence.options));
    return undefined;
  } catch (error) {
    // For example a name that is short enough in the encoding of the database, but not in UTF-8.
    if (error instanceof NextvalError) return `which cannot be declared: ${error.message}`;
    throw error;
  }
}

function givenOf({ ownedBy, identity, comment, ...options }: StateOptions): SequenceOptions {
  return {
    ...options,
    ownedBy: ownedBy ?? undefined,
    identity: identity ?? undefined,
    comment: comment ?? undefined,
  };
}

/** Returns the options that differ from their defaults. */
function optionsOf({ options }: SequenceState): Option[] {
  const { as, increment, minValue, maxValue, comment, ownedBy, identity } = options;
  const defaults = resolveOptions(pgSequence<string, SequenceOptions>("defaults", { as, increment }));
  // The default of startWith depends on the bounds.
  const { startWith } = resolveOptions(
    pgSequence<string, SequenceOptions>("defaults", { as, increment, minValue, maxValue }),
  );
  const found: Option[] = [];
  const add = (option: string, differs: boolean, text: string) => {
    if (differs) found.push([option, text]);
  };
  const { cache, cycle, unlogged } = options;
  add("startWith", options.startWith !== startWith, integer(options.startWith));
  add("increment", increment !== 1n, integer(increment));
  add("minValue", minValue !== defaults.minValue, integer(minValue));
  add("maxValue", maxValue !== defaults.maxValue, integer(maxValue));
  add("cache", cache !== defaults.cache, integer(cache));
  add("cycle", cycle !== defaults.cycle, String(cycle));
  add("as", as !== "bigint", quoted(as));
  if (ownedBy !== null) {
    found.push([
      "ownedBy",
      [
        ["table", quoted(ownedBy.table)],
        ["column", quoted(ownedBy.column)],
      ],
    ]);
  }
  if (identity !== null) found.push(["identity", quoted(identity)]);
  add("unlogged", unlogged !== defaults.unlogged, String(unlogged));
  if (comment !== null) found.push(["comment", quoted(comment)]);
  return found;
}

/** Finds the declarations of sequences, by the keys of these. */
function keptFrom(
  keep: readonly SequenceLike[],
  sequences: readonly SequenceState[],
  searchPath: readonly string[],
): Map<string, SequenceLike> {
  const existing = new Set(sequences.map(keyOf));
  return new Map(
    keep.flatMap((declared): [string, SequenceLike][] => {
      const places = declared.schema === undefined ? searchPath : [declared.schema];
      const keys = places.map((schema) => keyOf({ schema, seqName: declared.seqName ?? "" }));
      const key = keys.find((each) => existing.has(each));
      return key === undefined ? [] : [[key, declared]];
    }),
  );
}

/** Returns the options that only concern programs. A mode that does not hold the values any more is left out. */
function keptOptions({ seqName, options }: SequenceState, declared: SequenceLike | undefined): Option[] {
  if (declared === undefined) return [];
  const { feeds, blocks } = resolveOptions(declared);
  const mode = declared.seqOptions?.mode;
  const targets = feeds.map((target): readonly Option[] =>
    (["schema", "table", "column"] as const).flatMap((part): Option[] => {
      const name = target[part];
      return name === undefined ? [] : [[part, quoted(name)]];
    }),
  );
  const [only, ...others] = targets;
  const list = targets.map((target) => `{ ${target.map(([part, name]) => `${part}: ${String(name)}`).join(", ")} }`);
  const holds = (given: NonNullable<typeof mode>) => {
    try {
      return pgSequence<string, SequenceOptions>(seqName, { ...givenOf(options), mode: given }) !== undefined;
    } catch {
      return false;
    }
  };
  return [
    ...(only === undefined ? [] : [["feeds", others.length === 0 ? only : `[${list.join(", ")}]`] as const]),
    ...(blocks === null ? [] : [["blocks", quoted(blocks)] as const]),
    ...(mode === undefined || !holds(mode) ? [] : [["mode", quoted(mode)] as const]),
  ];
}

function integer(value: bigint): string {
  return value >= -MAX_SAFE && value <= MAX_SAFE ? `${value}` : `${value}n`;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
