import type { NextvalError, SequenceLike, SequenceOptions } from "../../index.js";
import { declareSequence } from "../../internal.js";
import { shownName } from "../../server/names.js";
import { CommandError, throwCommandError } from "../terminal/command-error.js";
import { shownPath } from "../terminal/relative-path.js";
import { kindOf, visitExports } from "./exported.js";
import { loadModule } from "./load-module.js";

/** The place of a declaration, for messages: `orderSeq of src/sequences.ts`. */
type Place = string;

/** The exports of files of declarations. */
export interface Found {
  /** The sequences with their places. A sequence that is exported again is the same declaration. */
  readonly sequences: Map<SequenceLike, Place>;
  /** The names of the schemas that are exported. */
  readonly schemas: Set<string>;
  /** The other exports, which are ignored: `limit of src/sequences.ts (a number)`. */
  readonly others: string[];
}

/** The declarations of the user. */
export interface Declarations {
  readonly sequences: readonly SequenceLike[];
  /** The schemas that are exported, with or without sequences. */
  readonly schemas: readonly string[];
}

export function nothingFound(): Found {
  return { sequences: new Map(), schemas: new Set(), others: [] };
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
        add(sequence, `${name} of ${shownPath(file)}`, found);
      },
      schema({ schemaName }) {
        isDeclaring = true;
        found.schemas.add(schemaName);
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

/** Adds a sequence that is listed in the configuration itself. */
export function add(sequence: SequenceLike, place: Place, { sequences }: Found): void {
  if (!sequences.has(sequence)) sequences.set(sequence, place);
}

/**
 * Returns the declarations, made by this copy of the library, because a file may have imported another copy, or
 * Drizzle. Fails for two declarations of one name, with both places.
 */
export function declarationsOf(found: Found): Declarations {
  const places = new Map<string, Place>();
  const sequences = [...found.sequences].map(([{ schema, seqName, seqOptions }, place]) => {
    const key = JSON.stringify([schema, seqName]);
    const other = places.get(key);
    if (other !== undefined) {
      throwCommandError(`${shownName(schema, seqName)} is declared twice: as ${other}, and as ${place}`);
    }
    places.set(key, place);
    return declare(schema, seqName as string, seqOptions, place);
  });
  return { sequences, schemas: [...found.schemas] };
}

function declare(schema: string | undefined, name: string, options: SequenceOptions | undefined, place: Place) {
  try {
    return declareSequence(name, options, schema);
  } catch (error) {
    const { message, hint, fix } = error as NextvalError;
    throw new CommandError(`${place} cannot be declared: ${message}`, { hint, fix, cause: error });
  }
}
