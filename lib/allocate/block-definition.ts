import { type Sql, sql } from "../index.js";
import { documentOf } from "../server/read-json.js";

/** The options in the database that decide which values a sequence returns. */
export interface Definition {
  readonly increment: bigint;
  readonly minValue: bigint;
  readonly maxValue: bigint;
  readonly cycle: boolean;
}

/** Runs a fragment. */
interface DefinitionSource {
  query<Row>(fragment: Sql<Row>): PromiseLike<readonly Row[]>;
}

/**
 * Reads the definition of a sequence by its quoted name; undefined if there is no such sequence.
 *
 * Every role that can use the schema may read it. A name without a schema is looked up in the caller's `search_path`,
 * so the statement names the schema of each function, operator and type. Source: "System Catalogs", `pg_sequence`.
 */
export async function readDefinition(db: DefinitionSource, name: string): Promise<Definition | undefined> {
  const rows = await db.query(sql`
    select coalesce((
      select pg_catalog.json_build_object(
        'increment', seqincrement::pg_catalog.text, 'min', seqmin::pg_catalog.text,
        'max', seqmax::pg_catalog.text, 'cycle', seqcycle
      )
      from pg_catalog.pg_sequence
      where seqrelid operator(pg_catalog.=) pg_catalog.to_regclass(${name})
    ), 'null')::pg_catalog.text as document`);
  const found = documentOf<Document | null>(rows);
  if (found === null) return undefined;
  const { increment, min, max, cycle } = found;
  return { increment: BigInt(increment), minValue: BigInt(min), maxValue: BigInt(max), cycle };
}

/** 64-bit integers are text, because JSON would round them. */
interface Document {
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cycle: boolean;
}
