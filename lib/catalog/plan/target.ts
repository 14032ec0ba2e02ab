import { type AnySequence, resolveOptions, type SequenceLike } from "../../index.js";
import { declareSequence } from "../../internal.js";
import { refuseDeclared, keyOf } from "../../server/names.js";
import type { DatabaseState, SequenceState, StateOptions } from "../inspect/state.js";

/** A complete declaration, with the schema that its name resolves to. */
export interface Target {
  /** The original declaration. It has no schema if the `search_path` decides. */
  readonly declared: SequenceLike;
  readonly schema: string;
  readonly seqName: string;
  readonly options: StateOptions;
}

export function targetOf(
  declared: SequenceLike,
  { searchPath }: Pick<DatabaseState, "searchPath">,
  existing: ReadonlyMap<string, SequenceState>,
): Target {
  const { mode: _mode, feeds: _feeds, blocks: _blocks, ...options } = resolveOptions(declared);
  const seqName = declared.seqName as string;
  const isThere = (schema: string) => existing.has(keyOf({ schema, seqName }));
  const schema = declared.schema ?? searchPath.find(isThere) ?? searchPath[0];
  if (schema === undefined) {
    refuseDeclared(declared, "the search_path of the connection names no schema that exists", "INVALID_ARGUMENT", {
      hint: "Create the schema, or declare the sequence with pgSchema.",
    });
  }
  return { declared, schema, seqName, options };
}

/**
 * Makes the constant for a statement about a target, with the options that the sequence has at that moment. It has the
 * schema that the declaration resolves to, so it stays the same if the `search_path` changes.
 */
export function declarationOf({ schema, seqName, options }: Target, now: StateOptions = options): AnySequence {
  return declare(schema, seqName, now);
}

/** Makes the constant for a new sequence, with the options as they are declared. */
export function declarationToCreate({ declared, schema, seqName }: Target): AnySequence {
  return declareSequence(seqName, declared.seqOptions, schema);
}

/** Makes the constant for a sequence of the database, under its own name or another. */
export function declarationOfState(
  { schema, seqName, options }: Pick<SequenceState, "schema" | "seqName" | "options">,
  name: { readonly schema: string; readonly seqName: string } = { schema, seqName },
): AnySequence {
  return declare(name.schema, name.seqName, options);
}

function declare(schema: string | undefined, name: string, options: StateOptions): AnySequence {
  const given = {
    ...options,
    ownedBy: options.ownedBy ?? undefined,
    identity: options.identity ?? undefined,
    comment: options.comment ?? undefined,
  };
  return declareSequence(name, given, schema);
}
