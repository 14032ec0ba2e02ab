import type { Health, SequenceHealth } from "nextval/operate";
import type postgres from "postgres";

/** Drops every schema, and makes an empty one. */
export async function empty(client: postgres.Sql): Promise<void> {
  await client.unsafe(`
    do $$ declare name text; begin
      for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('drop schema %I cascade', name);
      end loop;
      create schema public;
    end $$`);
}

/** What a status says of a sequence. */
export function find({ sequences }: Health, name: string): SequenceHealth {
  const found = sequences.find(({ sequence }) => sequence.name === name);
  if (found === undefined)
    throw new Error(`${name} is not among ${sequences.map(({ sequence }) => sequence.name).join(", ")}`);
  return found;
}

/** Its problems. */
export const codes = ({ problems }: SequenceHealth) => problems.map(({ code, level }) => `${code} ${level}`);

/** The SQL that a problem gives as the fix. */
export function cureOf({ problems }: SequenceHealth, code: string): string {
  return problems.find((each) => each.code === code)!.fix!;
}
