import type postgres from "postgres";

/** How many sequences and tables a database has. */
export interface Size {
  readonly sequences: number;
  /** Partitioned tables, each with a sequence of its own. */
  readonly partitioned: number;
  /** The partitions of each of them. */
  readonly parts: number;
  /** Plain tables, each with a sequence of its own. */
  readonly plain: number;
}

/** A third of the sequences belong to columns. One in a hundred belongs to a table with fifty partitions. */
export function sizeOf(sequences: number): Size {
  const partitioned = Math.max(1, Math.floor(sequences / 100));
  return {
    sequences,
    partitioned,
    parts: Math.min(50, Math.max(2, Math.floor(sequences / 2))),
    plain: Math.floor(sequences / 3) - partitioned,
  };
}

/** What the queries read. To analyse every table would take longer than all that is measured. */
const CATALOGS = ["class", "attribute", "attrdef", "constraint", "depend", "index", "inherits", "sequence", "type"]
  .map((name) => `pg_catalog.pg_${name}`)
  .join(", ");

/** Objects that one transaction creates: each keeps a lock until its end, and a table has an index and a sequence. */
const AT_ONCE = 300;

/**
 * Fills an empty database. Columns own `owned_N` if N is below the number of tables. The tables have two rows each, and
 * one sequence in ten is behind its column. The other sequences are `free_N`, half of which have returned a value.
 */
export async function fill(client: postgres.Sql, { sequences, partitioned, parts, plain }: Size): Promise<void> {
  const run = async (count: number, size: number, work: string) => {
    for (let from = 0; from < count; from += size) {
      const until = Math.min(count, from + size) - 1;
      await client.unsafe(`do $$ begin for n in ${from}..${until} loop ${work} end loop; end $$`);
    }
  };
  const owned = partitioned + plain;
  const rows = `
    execute format('insert into t_%s default values', n);
    execute format('insert into t_%s default values', n);
    if n % 10 = 0 then perform setval(format('owned_%s', n), 1, false); end if;`;
  await run(
    plain,
    AT_ONCE,
    `execute format('create sequence owned_%s', n);
     execute format('create table t_%s (id bigint primary key default nextval(''owned_%s''), place int)', n, n);
     execute format('alter sequence owned_%s owned by t_%s.id', n, n); ${rows}`,
  );
  await run(
    partitioned,
    Math.floor((2 * AT_ONCE) / parts),
    `n := n + ${plain};
     execute format('create sequence owned_%s', n);
     execute format('create table t_%s (id bigint primary key default nextval(''owned_%s''), place int)
       partition by range (id)', n, n);
     execute format('alter sequence owned_%s owned by t_%s.id', n, n);
     for part in 0..${parts - 1} loop
       execute format('create table t_%s_%s partition of t_%s for values from (%s) to (%s)',
         n, part, n, part * 1000, (part + 1) * 1000);
     end loop; ${rows}`,
  );
  await run(
    sequences - owned,
    10 * AT_ONCE,
    `execute format('create sequence free_%s increment 2 cache 5', n);
     if n % 2 = 0 then perform nextval(format('free_%s', n)); end if;`,
  );
  await client.unsafe(`vacuum analyze ${CATALOGS}`);
  // Otherwise what is measured also writes what this has changed.
  await client.unsafe("checkpoint");
}
