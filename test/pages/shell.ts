import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { projectIn } from "../support/command/project.js";

/** A console of a page, as its program asks for it. */
export interface ConsoleOfPage {
  readonly folder: string;
  readonly commands: readonly string[];
}

/** The databases of a page. */
export interface Urls {
  readonly DATABASE_URL: string;
  /** The second one, which a page can fill with blocks of SQL for the target. */
  readonly NEW_URL: string;
}

interface Ran {
  readonly output: string;
  readonly status: number;
}

export const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

/** Runs the commands of a console, and returns what the console then looks like. */
export async function typeAll({ folder, commands }: ConsoleOfPage, urls: Urls): Promise<string> {
  let typed = "";
  let status = 0;
  for (const command of commands) {
    const ran = await run(command, status, folder, urls);
    typed += `$ ${command}\n${withNames(ran.output, urls)}`;
    ({ status } = ran);
  }
  return typed;
}

async function run(command: string, before: number, folder: string, urls: Urls): Promise<Ran> {
  const [program, name, ...args] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, word = ""]) => quoted ?? word,
  );
  if (program === "echo") return { output: `${before}\n`, status: 0 };
  if (program === "cat") {
    const text = await readFile(await pathOf(`${folder}/${name}`, urls), "utf8").catch(() => undefined);
    return text === undefined ? { output: `cat: ${name}: No such file\n`, status: 1 } : { output: text, status: 0 };
  }
  // A page runs npx nextval, npx tsc, cat and echo $?.
  if (program !== "npx") return { output: `${program}: not found\n`, status: 127 };
  if (name === "tsc") return compile(folder, args);
  const { stdout, stderr, status } = await projectIn(folder, inject("library")).runSharedWith(
    args.map((arg) => arg.replace("$OLD_URL", urls.DATABASE_URL).replace("$NEW_URL", urls.NEW_URL)),
    { DATABASE_URL: urls.DATABASE_URL },
  );
  return { output: `${stdout}${stderr}`, status: status ?? 1 };
}

/** Does not check the declarations of packages, which takes more than half of the time. */
function compile(folder: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, ...args, "--skipLibCheck"], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ output: `${stdout}${stderr}`, status: error === null ? 0 : 1 });
    });
  });
}

const TIME = "20261124120000";

/** The servers of this run by the names that the pages have for them, and one time in the names of migrations. */
function withNames(output: string, { DATABASE_URL, NEW_URL }: Urls): string {
  return output
    .replaceAll(new RegExp(`${nameOf(DATABASE_URL)} at \\S+ as [^\\s.:]+`, "g"), "shop at localhost:5432 as deploy")
    .replaceAll(new RegExp(`${nameOf(NEW_URL)} at \\S+ as [^\\s.:]+`, "g"), "shop at db.example.com:5432 as deploy")
    .replaceAll(/(?<!\d)\d{14}(?!\d)/g, TIME);
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

/** A file of the page, also if the time of this run is in its name. */
async function pathOf(file: string, urls: Urls): Promise<string> {
  const found = await readdir(dirname(file)).catch(() => []);
  const name = found.find((each) => `${dirname(file)}/${withNames(each, urls)}` === file);
  return name === undefined ? file : `${dirname(file)}/${name}`;
}
