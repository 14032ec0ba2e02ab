import { NextvalError, pgSchema, pgSequence, resolveOptions, type SequenceOptions } from "../../index.js";
import { checkKnown, shown } from "../../internal.js";
import { excluded } from "../../server/name-patterns.js";
import { sequenceNameOf, shownNameOf } from "../../server/names.js";
import type { DatabaseState, SequenceState, StateOptions } from "../inspect/state.js";
import { identifiersOf } from "./constant-names.js";
import { constantSource, type Option, plain, quoted } from "./print-constant.js";

/** Options of {@link pullDeclarations}. */
export interface PullOptions {
  /** Whether to declare the sequences of identity columns too, with `identity`. Default: false. */
  readonly identity?: boolean | undefined;
  /** The sequences to leave out, as `name` or `schema.name`. `*` stands for any characters. */
  readonly exclude?: readonly string[] | undefined;
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
 * each name only once. A sequence of the default schema is declared without a schema.
 */
export function pullDeclarations({ sequences, defaultSchema }: DatabaseState, options: PullOptions = {}): string {
  checkKnown("pullDeclarations", options, ["identity", "exclude"]);
  const { identity = false, exclude } = options;
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
        return constantSource(identifier, callee, quoted(sequence.seqName), optionsOf(sequence));
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
    pgSchema(sequence.schema).sequence<string, SequenceOptions>(sequence.seqName, given(sequence.options));
    return undefined;
  } catch (error) {
    // For example a name that is short enough in the encoding of the database, but not in UTF-8.
    if (error instanceof NextvalError) return `which cannot be declared: ${error.message}`;
    throw error;
  }
}

function given({ ownedBy, identity, comment, ...options }: StateOptions): SequenceOptions {
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

function integer(value: bigint): string {
  return value >= -MAX_SAFE && value <= MAX_SAFE ? `${value}` : `${value}n`;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
