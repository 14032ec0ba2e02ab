import { type AnySequence, NextvalError, pgSchema, pgSequence, resolveOptions, type SequenceLike } from "../index.js";
import type { SequenceState, StateOptions } from "./state.js";

/** A declaration, complete, with the schema that it leads to. */
export interface Target {
  /** As it was declared: without a schema, where the `search_path` decides. */
  readonly declared: SequenceLike;
  readonly schema: string;
  readonly seqName: string;
  readonly options: StateOptions;
}

export function targetOf(declared: SequenceLike, defaultSchema: string): Target {
  const { mode: _mode, ...options } = resolveOptions(declared);
  return { declared, schema: declared.schema ?? defaultSchema, seqName: declared.seqName as string, options };
}

/** The constant that statements about a target are made of, with the options that it has at that moment. */
export function constantOf({ declared, seqName }: Target, options: StateOptions): AnySequence {
  return declare(declared.schema, seqName, options);
}

/** The constant for a sequence of the database, under its own name or another. */
export function constantOfState(
  { schema, seqName, options }: SequenceState,
  name: { readonly schema: string; readonly seqName: string } = { schema, seqName },
): AnySequence {
  return declare(name.schema, name.seqName, options);
}

function declare(schema: string | undefined, name: string, options: StateOptions): AnySequence {
  const given = { ...options, ownedBy: options.ownedBy ?? undefined, comment: options.comment ?? undefined };
  return (schema === undefined ? pgSequence(name, given) : pgSchema(schema).sequence(name, given)) as AnySequence;
}

/** Tells names apart, whatever is in them. */
export function keyOf({ schema, seqName }: { readonly schema: string; readonly seqName: string }): string {
  return JSON.stringify([schema, seqName]);
}

/** What a sequence is called in messages: `order_seq`, `billing.invoice_seq`. */
export function nameOf({ schema, seqName }: Pick<SequenceLike, "schema" | "seqName">): string {
  return schema === undefined ? `${seqName}` : `${schema}.${seqName}`;
}

export function refuse(sequence: string, problem: string): never {
  throw new NextvalError("INVALID_OPTIONS", `${sequence}: ${problem}`, { sequence });
}
