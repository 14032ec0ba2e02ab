/**
 * What the program of a page runs on: a database that is empty when the page begins, and a folder for its files. The
 * process that plays the pages imports it, and so does the program of each page.
 */
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { format } from "node:util";
import postgres from "postgres";
import { overDriver } from "../support/command/driver.js";

/** What has happened on a page. */
export interface Played {
  claims: number;
  /** What was claimed but is not so. */
  readonly wrong: { readonly claimed: string; readonly actual: unknown }[];
  /** What each console has printed. */
  readonly consoles: string[];
  failure?: string;
}

const { DATABASE_URL = "", NEW_URL = "", NEXTVAL_COMMAND = "" } = process.env;
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

/** Runs the commands of a console, and notes what it then looks like. */
export async function shell(commands: readonly string[]): Promise<void> {
  let output = "";
  let status = 0;
  for (const command of commands) {
    const ran = await run(command, status);
    output += `$ ${command}\n${ran.output}`;
    ({ status } = ran);
  }
  played.consoles.push(output);
}

interface Ran {
  readonly output: string;
  readonly status: number;
}

async function run(command: string, before: number): Promise<Ran> {
  const [program, ...args] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word = ""]) => quoted ?? word);
  if (program === "echo") return { output: `${before}\n`, status: 0 };
  if (program === "cat") return { output: withNames(await readFile(await pathOf(args[0] ?? ""), "utf8")), status: 0 };
  const starts = JSON.parse(NEXTVAL_COMMAND) as Readonly<Record<string, readonly string[]>>;
  const [runtime = "", ...start] = starts[args[0] ?? ""] ?? [];
  if (program !== "npx" || runtime === "")
    throw new Error(`A page runs npx nextval, npx tsc, cat or echo $?, not ${command}`);
  return spawnAll(runtime, [...start, ...overDriver(args.slice(1)).map(withUrls)]);
}

function withUrls(arg: string): string {
  return arg.replace("$OLD_URL", DATABASE_URL).replace("$NEW_URL", NEW_URL);
}

/** Without the variables of this process that the command listens to. */
function spawnAll(program: string, args: readonly string[]): Promise<Ran> {
  const outside = Object.entries(process.env).filter(
    ([name]) => !/^(PG|NEW_URL$|NO_COLOR$|FORCE_COLOR$|CI$|NODE_|VITEST|npm_config_)/.test(name),
  );
  const child = spawn(program, args, {
    cwd: folder,
    env: Object.fromEntries(outside),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ output: withNames(output), status: status ?? 1 }));
  });
}

/** The servers of this run by the names that the pages have for them, and one time in the names of migrations. */
function withNames(output: string): string {
  return output
    .replaceAll(new RegExp(`${nameOf(DATABASE_URL)} at \\S+ as [^\\s.:]+`, "g"), "shop at localhost:5432 as deploy")
    .replaceAll(new RegExp(`${nameOf(NEW_URL)} at \\S+ as [^\\s.:]+`, "g"), "shop at db.example.com:5432 as deploy")
    .replaceAll(/(?<!\d)\d{14}(?!\d)/g, TIME);
}

const TIME = "20261124120000";

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

/** A file of the page, also if the time of this run is in its name. */
async function pathOf(file: string): Promise<string> {
  const found = await readdir(dirname(`${folder}/${file}`), { withFileTypes: true });
  const { parentPath, name } = found.find((each) => withNames(each.name) === file.split("/").at(-1)) ?? {
    parentPath: "",
    name: file,
  };
  return `${parentPath}/${name}`;
}

function compare(actual: unknown, claimed: string): void {
  played.claims++;
  if (actual !== claimed) played.wrong.push({ claimed, actual });
}
