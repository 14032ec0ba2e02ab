/**
 * What the program of a page runs on: a database that is empty when the page begins, and a folder for its files. The
 * process that plays the pages imports it, and so does the program of each page.
 */
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { format } from "node:util";
import postgres from "postgres";

/** What has happened on a page. */
export interface Played {
  claims: number;
  /** What was claimed but is not so. */
  readonly wrong: { readonly claimed: string; readonly actual: unknown }[];
  /** What each console has printed. */
  readonly consoles: string[];
  failure?: string;
}

/** Begins a line of the output that asks for something. */
export const MARK = "\u0001";

const { DATABASE_URL = "", NEW_URL = "" } = process.env;
const answers = createInterface({ input: process.stdin });
const databases = {
  database: postgres(DATABASE_URL, { max: 1, onnotice: () => {} }),
  target: postgres(NEW_URL, { max: 1, onnotice: () => {} }),
};
let played: Played = { claims: 0, wrong: [], consoles: [] };
let folder = "";

/** Empties the databases for the next page, whose files go to that folder. */
export async function begin(of: string): Promise<Played> {
  played = { claims: 0, wrong: [], consoles: [] };
  folder = of;
  for (const client of Object.values(databases)) {
    await client.unsafe(`
      do $$
      declare name text;
      begin
        for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
          execute format('drop schema %I cascade', name);
        end loop;
        create schema public;
        grant usage on schema public to public;
      end $$`);
  }
  return played;
}

/** Fails if the page has left connections open: its program would not end. */
export async function finish(): Promise<void> {
  const client = databases.database;
  const isFree = async () => {
    const others = await client`
      select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend'`;
    return others.length === 0;
  };
  for (let waits = 0; waits < 40; waits++) {
    if (await isFree()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await client`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;
  throw new Error("The program of the page leaves a connection open.");
}

export async function end(): Promise<void> {
  for (const client of Object.values(databases)) await client.end({ timeout: 1 });
}

export function claim(actual: unknown, expected: string): void {
  const fragment = typeof actual === "object" && actual !== null && "text" in actual ? actual.text : undefined;
  compare(fragment ?? (typeof actual === "bigint" ? `${actual}n` : String(actual)), expected);
}

export function prints(values: readonly unknown[], expected: string): void {
  // The second run of the first program is a test of its own.
  compare(format(...values), expected.replace(/, then .* when it runs again$/, ""));
}

export async function fails(work: () => Promise<unknown>, message: string): Promise<void> {
  const failure = await work().then(
    () => undefined,
    (error: unknown) => error,
  );
  compare(failure instanceof Error ? failure.message : failure, message);
}

export async function sql(
  where: "database" | "target",
  statement: string,
  kind?: "=>" | "ERROR:",
  expected = "",
): Promise<void> {
  const running = databases[where].unsafe(statement);
  if (kind === "ERROR:") return fails(async () => running, expected);
  const [row] = await running;
  if (kind === "=>") compare(Object.values(row ?? {}).join(" | "), expected);
}

export async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(`${folder}/${file}`), { recursive: true });
  await writeFile(`${folder}/${file}`, text);
}

/** Has the commands of a console run by the test, and notes what the console then looks like. */
export async function shell(commands: readonly string[]): Promise<void> {
  const answer = once(answers, "line");
  process.stdout.write(`${MARK}${JSON.stringify({ folder, commands })}\n`);
  const [line] = (await answer) as [string];
  played.consoles.push(JSON.parse(line) as string);
}

function compare(actual: unknown, claimed: string): void {
  played.claims++;
  if (actual !== claimed) played.wrong.push({ claimed, actual });
}
