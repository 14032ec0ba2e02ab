import { type Handle, sql } from "../index.js";
import { readDocument } from "../catalog/read-document.js";

/** What the database has as the options that decide which values a sequence gives. */
export interface Definition {
  readonly increment: bigint;
  readonly minValue: bigint;
  readonly maxValue: bigint;
  readonly cycle: boolean;
}

/**
 * Reads what the database has under a quoted name; undefined where there is no such sequence.
 *
 * Every role may read it that may use the schema. Source: "System Catalogs", `pg_sequence`.
 */
export async function readDefinition(db: Pick<Handle, "query">, name: string): Promise<Definition | undefined> {
  const found = await readDocument<Document | null>(
    db,
    sql`
      select coalesce((
        select json_build_object(
          'increment', seqincrement::text, 'min', seqmin::text, 'max', seqmax::text, 'cycle', seqcycle
        )
        from pg_catalog.pg_sequence
        where seqrelid = pg_catalog.to_regclass(${name})
      ), 'null')::text as document`,
  );
  if (found === null) return undefined;
  const { increment, min, max, cycle } = found;
  return { increment: BigInt(increment), minValue: BigInt(min), maxValue: BigInt(max), cycle };
}

/** Integers of 64 bits are text: JSON would round them. */
interface Document {
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cycle: boolean;
}
