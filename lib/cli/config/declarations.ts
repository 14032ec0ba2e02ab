import type { NextvalError, SequenceLike, SequenceOptions } from "../../index.js";
import { declareSequence } from "../../internal.js";
import { shownName } from "../../server/names.js";
import type { SourceLine } from "../terminal/annotation.js";
import { CommandError, throwCommandError } from "../terminal/command-error.js";
import { shownPath } from "../terminal/relative-path.js";
import { declaredAt, type Exporter } from "./declared-at.js";
import { kindOf, visitExports } from "./exported.js";
import { loadedFiles, loadModule } from "./load-module.js";

/** Where a sequence or a schema is exported. */
interface Place extends Exporter {
  /** For messages: `orderSeq of src/sequences.ts`. */
  readonly words: string;
}

/** The exports of files of declarations. */
export interface Found {
  /** The sequences with their places. A sequence that is exported again is the same declaration. */
  readonly sequences: Map<SequenceLike, Place>;
  /** The schemas that are exported, by name. */
  readonly schemas: Map<string, Place>;
  /** The other exports, which are ignored: `limit of src/sequences.ts (a number)`. */
  readonly others: string[];
}

/** The declarations of the user. */
export interface Declarations {
  readonly sequences: readonly SequenceLike[];
  /** The schemas that are exported, with or without sequences. */
  readonly schemas: readonly string[];
  /** Returns the line of a sequence that is declared with this schema and name; undefined if none is. */
  lineOf(name: DeclaredName): SourceLine | undefined;
  /** Returns the line that declares a schema: an exported one, or a sequence in it. */
  lineOfSchema(schema: string): SourceLine | undefined;
}

export type DeclaredName = Pick<SequenceLike, "schema" | "seqName">;

export function nothingFound(): Found {
  return { sequences: new Map(), schemas: new Map(), others: [] };
}

/**
 * Adds the exports of files. Fails if they export things but no declaration, because those are the wrong files. A file
 * without exports declares nothing; `pull` writes such a file for a database without sequences.
 */
export async function findIn(files: readonly string[], found: Found): Promise<void> {
  const others: string[] = [];
  let isDeclaring = false;
  for (const file of files) {
    visitExports(await loadModule(file), {
      sequence(sequence, name) {
        isDeclaring = true;
        add(sequence, placeOf(name, file), found);
      },
      schema({ schemaName }, name) {
        isDeclaring = true;
        if (!found.schemas.has(schemaName)) found.schemas.set(schemaName, placeOf(name, file));
      },
      other: (value, name) => others.push(`${name} of ${shownPath(file)} (${kindOf(value)})`),
    });
  }
  if (!isDeclaring && others.length > 0) {
    const first = others.slice(0, MAX_NAMED).join(", ");
    const more = others.length > MAX_NAMED ? `, and ${others.length - MAX_NAMED} more` : "";
    const hint = "Export sequences that pgSequence makes, or schemas that pgSchema makes.";
    throwCommandError(`The files of declarations export no sequence and no schema, only ${first}${more}`, hint);
  }
  found.others.push(...others.filter((other) => !found.others.includes(other)));
}

const MAX_NAMED = 3;

function placeOf(name: string, file: string): Place {
  return { words: `${name} of ${shownPath(file)}`, name, file };
}

/** Adds a sequence that is listed in the configuration itself. */
export function addListed(sequence: SequenceLike, file: string, found: Found): void {
  add(sequence, { words: `declarations in ${shownPath(file)}`, name: undefined, file }, found);
}

function add(sequence: SequenceLike, place: Place, { sequences }: Found): void {
  if (!sequences.has(sequence)) sequences.set(sequence, place);
}

/**
 * Returns the declarations, made by this copy of the library, because a file may have imported another copy, or
 * Drizzle. Fails for two declarations of one name, with both places.
 */
export function declarationsOf(found: Found): Declarations {
  const places = new Map<string, Place>();
  const sequences = [...found.sequences].map(([{ schema, seqName, seqOptions }, place]) => {
    const key = keyOf({ schema, seqName });
    const other = places.get(key);
    if (other !== undefined) {
      throwCommandError(`${shownName(schema, seqName)} is declared twice: as ${other.words}, and as ${place.words}`);
    }
    places.set(key, place);
    return declare(schema, seqName as string, seqOptions, place);
  });
  const lineOf = (name: DeclaredName) => lineAt(places.get(keyOf(name)), name.seqName);
  return {
    sequences,
    schemas: [...found.schemas.keys()],
    lineOf,
    lineOfSchema(schema) {
      const inside = sequences.find((sequence) => sequence.schema === schema);
      return lineAt(found.schemas.get(schema), schema) ?? (inside === undefined ? undefined : lineOf(inside));
    },
  };
}

function lineAt(place: Place | undefined, declared: string | undefined): SourceLine | undefined {
  return place === undefined || declared === undefined ? undefined : declaredAt(place, declared, loadedFiles());
}

function keyOf({ schema, seqName }: DeclaredName): string {
  return JSON.stringify([schema, seqName]);
}

function declare(schema: string | undefined, name: string, options: SequenceOptions | undefined, place: Place) {
  try {
    return declareSequence(name, options, schema);
  } catch (error) {
    const { message, hint, fix } = error as NextvalError;
    throw new CommandError(`${place.words} cannot be declared: ${message}`, { hint, fix, cause: error });
  }
}
