import { type AnySequence, bind, type Database, type Sql } from "nextval";
import { expect } from "vitest";
import { type TestDatabase, useDatabase } from "./database.js";

/** A sequence as the server's catalog has it. */
export interface CatalogEntry {
  readonly as: string;
  readonly startWith: bigint;
  readonly increment: bigint;
  readonly minValue: bigint;
  readonly maxValue: bigint;
  readonly cache: bigint;
  readonly cycle: boolean;
  readonly persistence: "permanent" | "unlogged" | "temporary";
  /** `tie` is "owned by" for OWNED BY and serial columns, "identity" for identity columns. */
  readonly owner: { readonly table: string; readonly column: string; readonly tie: "owned by" | "identity" } | null;
  readonly comment: string | null;
}

/** The catalog's options for `create sequence` without any option. */
export const PLAIN: CatalogEntry = {
  as: "bigint",
  startWith: 1n,
  increment: 1n,
  minValue: 1n,
  maxValue: 9223372036854775807n,
  cache: 1n,
  cycle: false,
  persistence: "permanent",
  owner: null,
  comment: null,
};

export interface CatalogDatabase extends TestDatabase {
  readonly db: Database;
  /** Runs a statement, which must read like this and have no values. */
  run(statement: Sql, text: string, on?: Pick<Database, "query">): Promise<void>;
  /** Looks a sequence up by its bare names, so that nothing depends on quoting; undefined where there is none. */
  catalog(sequence: Pick<AnySequence, "seqName" | "schema">): Promise<CatalogEntry | undefined>;
}

/** A database of its own for a file that defines sequences, and a look into its catalog. */
export function useCatalog(): CatalogDatabase {
  const database = useDatabase();
  let db: Database | undefined;
  const own: Pick<CatalogDatabase, "db" | "run" | "catalog"> = {
    get db() {
      return (db ??= bind(database.client));
    },
    async run(statement: Sql, text: string, on: Pick<Database, "query"> = own.db) {
      expect({ text: statement.text, values: statement.values }).toEqual({ text, values: [] });
      await on.query(statement);
    },
    async catalog({ seqName, schema = "public" }: Pick<AnySequence, "seqName" | "schema">) {
      const [row] = await database.client<[Record<keyof CatalogEntry, string>?]>`
        select format_type(seqtypid, null) as as, seqstart::text as "startWith", seqincrement::text as increment,
               seqmin::text as "minValue", seqmax::text as "maxValue", seqcache::text as cache, seqcycle as cycle,
               case relpersistence when 'p' then 'permanent' when 'u' then 'unlogged'
                 else 'temporary' end as persistence,
               obj_description(pg_class.oid, 'pg_class') as comment,
               (select jsonb_build_object('table', owner.relname, 'column', attname,
                                          'tie', case deptype when 'a' then 'owned by' when 'i' then 'identity' end)
                  from pg_depend
                  join pg_class owner on owner.oid = refobjid
                  join pg_attribute on attrelid = refobjid and attnum = refobjsubid
                 where classid = 'pg_class'::regclass and objid = pg_class.oid
                   and refclassid = 'pg_class'::regclass and refobjsubid > 0) as owner
          from pg_sequence
          join pg_class on pg_class.oid = seqrelid
          join pg_namespace on pg_namespace.oid = relnamespace
         where relname = ${seqName} and nspname = ${schema}`;
      if (row === undefined) return undefined;
      const exact = ["startWith", "increment", "minValue", "maxValue", "cache"] as const;
      const numbers = Object.fromEntries(exact.map((option) => [option, BigInt(row[option])]));
      return { ...row, ...numbers } as unknown as CatalogEntry;
    },
  };
  // Getters stay getters: the database is there only once the tests run.
  return Object.defineProperties({} as CatalogDatabase, {
    ...Object.getOwnPropertyDescriptors(database),
    ...Object.getOwnPropertyDescriptors(own),
  });
}
