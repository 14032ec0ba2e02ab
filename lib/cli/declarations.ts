import { pgSchema, pgSequence, type SequenceLike, type SequenceOptions } from "../index.js";
import { CommandError, fail } from "./command-error.js";
import { loadModule, shownPath } from "./load-module.js";

/** Where a declaration was found, for messages: `orderSeq of src/sequences.ts`. */
type Place = string;

/** What was found so far; a sequence that is exported again is the same declaration. */
export interface Found {
  readonly sequences: Map<SequenceLike, Place>;
  readonly schemas: Set<string>;
}

/** What the user declares. */
export interface Declarations {
  readonly sequences: readonly SequenceLike[];
  /** The schemas that are declared by themselves, with sequences or without. */
  readonly schemas: readonly string[];
}

/** Adds what a file exports. A file that exports nothing declares nothing, such as `pull` writes for a database without sequences. */
export async function findIn(file: string, found: Found): Promise<void> {
  const exported = await loadModule(file);
  for (const [name, value] of Object.entries(exported)) {
    const place = `${name === "default" ? "the default export" : name} of ${shownPath(file)}`;
    if (isSequence(value)) add(value, place, found);
    else if (isSchema(value)) found.schemas.add(value.schemaName);
    else {
      fail(
        `${place} is no sequence: a file of declarations exports what pgSequence and pgSchema make, and nothing else`,
      );
    }
  }
}

/** Adds a sequence that stands in the configuration itself. */
export function add(sequence: SequenceLike, place: Place, found: Found): void {
  if (!found.sequences.has(sequence)) found.sequences.set(sequence, place);
}

/**
 * The declarations, as this copy of the library makes them: a file may have imported another copy, or Drizzle. Two of one name
 * are refused with both places.
 */
export function declarationsOf(found: Found): Declarations {
  const places = new Map<string, Place>();
  const sequences = [...found.sequences].map(([{ schema, seqName, seqOptions }, place]) => {
    const key = JSON.stringify([schema, seqName]);
    const other = places.get(key);
    if (other !== undefined) {
      const name = schema === undefined ? seqName : `${schema}.${seqName}`;
      fail(`${name} is declared twice: as ${other}, and as ${place}`);
    }
    places.set(key, place);
    return declare(schema, seqName as string, seqOptions, place);
  });
  return { sequences, schemas: [...found.schemas] };
}

function declare(schema: string | undefined, name: string, options: SequenceOptions | undefined, place: Place) {
  try {
    return (
      schema === undefined ? pgSequence(name, options) : pgSchema(schema).sequence(name, options)
    ) as SequenceLike;
  } catch (error) {
    throw new CommandError(`${place} cannot be taken: ${(error as Error).message}`, { cause: error });
  }
}

const OURS = Symbol.for("nextval.sql");
const DRIZZLE_KIND = Symbol.for("drizzle:entityKind");

/** Known by symbols: it may be of another copy of the library. */
export function isSequence(value: unknown): value is SequenceLike {
  if (typeof value !== "object" || value === null) return false;
  if (OURS in value) return "seqName" in value && typeof value.seqName === "string";
  return (value.constructor as { [DRIZZLE_KIND]?: unknown } | undefined)?.[DRIZZLE_KIND] === "PgSequence";
}

function isSchema(value: unknown): value is { readonly schemaName: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "schemaName" in value &&
    typeof value.schemaName === "string" &&
    "sequence" in value &&
    typeof value.sequence === "function"
  );
}
