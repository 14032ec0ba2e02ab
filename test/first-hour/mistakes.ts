import { readFile, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { type Combination, USUAL } from "./combination.js";
import type { Databases, TestedDatabase } from "./databases.js";
import type { Newcomer } from "./newcomer.js";

const PAGE = new URL("mistakes.md", import.meta.url);

/** A mistake, from its heading in `mistakes.md` to the next. */
interface Mistake {
  readonly heading: string;
  /** What is there besides what the page begins with, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** What happens to the database before. */
  readonly sql: string;
  /** What is typed, with what is printed. */
  readonly consoles: readonly string[];
}

/**
 * Makes every mistake of `mistakes.md`, each in a folder and with a database of its own, and compares what is printed
 * with what is written there. With the variable `UPDATE_MISTAKES` it writes down what is printed instead.
 */
export async function playMistakes(newcomer: Newcomer, combination: Combination, databases: Databases): Promise<void> {
  const page = await readFile(PAGE, "utf8");
  const names = ["nextval.config.ts", "tsconfig.json", "package.json"];
  const settings = await Promise.all(
    names.map(async (name) => [name, await readFile(`${newcomer.folder}/${name}`, "utf8")] as const),
  );
  const base = { ...Object.fromEntries(settings), ...partsOf(page.slice(0, page.indexOf("\n## "))).files };
  let printed = page;
  const waiting = [...mistakesOf(page).entries()];
  const play = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, mistake] = next;
      const below = `mistakes/${index}`;
      await newcomer.write({ ...base, ...mistake.files }, below);
      const database = await databases.create();
      if (mistake.sql !== "") await database.run(mistake.sql.replaceAll("deploy", databases.role));
      for (const expected of mistake.consoles) {
        const actual = await typeAll(expected, newcomer, below, database, databases);
        printed = printed.replace(`\`\`\`console\n${expected}\`\`\``, () => `\`\`\`console\n${actual}\`\`\``);
      }
    }
  };
  // A command waits for the server much of its time.
  await Promise.all([play(), play()]);
  if (process.env["UPDATE_MISTAKES"] !== undefined && isDeepStrictEqual(combination, USUAL)) {
    await writeFile(PAGE, printed);
    return;
  }
  const different = differences(mistakesOf(page), mistakesOf(printed));
  if (different.length > 0) throw new Error(`Not as in test/first-hour/mistakes.md:\n\n${different.join("\n")}`);
}

function mistakesOf(page: string): Mistake[] {
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => ({ heading: section.slice(0, section.indexOf("\n")), ...partsOf(section) }));
}

function partsOf(section: string): Omit<Mistake, "heading"> {
  const files: Record<string, string> = {};
  const consoles: string[] = [];
  let sql = "";
  for (const [, language, name, text = ""] of section.matchAll(/^```(\w+)(?: (\S+))?\n([^]*?)^```$/gm)) {
    if (name !== undefined) files[name] = text;
    else if (language === "sql") sql += text;
    else consoles.push(text);
  }
  return { files, sql, consoles };
}

/** The console again, with what its commands print now. */
async function typeAll(
  console: string,
  newcomer: Newcomer,
  below: string,
  database: TestedDatabase,
  databases: Databases,
): Promise<string> {
  const env = {
    DATABASE_URL: database.url,
    DEPLOY_URL: databases.urlForRole(database),
    SERVER_URL: database.url.slice(0, database.url.lastIndexOf("/")),
  };
  let typed = "";
  for (const [, line = ""] of console.matchAll(/^\$ (.*)$/gm)) {
    // What npx would find, without its half second.
    const { status, output } = await newcomer.type(line.replace(/\bnpx /, ""), env, below);
    const shown = withNames(output, database, databases.role, `${newcomer.folder}/${below}`);
    // The compiler says 2 in version 5, and 1 in 7.
    const code = line.includes("npx tsc") && status === 2 ? 1 : status;
    typed += `$ ${line}\n${shown}${shown === "" || shown.endsWith("\n") ? "" : "\n"}(exit code ${code})\n`;
  }
  return typed;
}

/** The names of this run, as they are on the page. */
function withNames(output: string, { name, url }: TestedDatabase, role: string, folder: string): string {
  const { host, username } = new URL(url);
  return (
    output
      .replaceAll(`${folder}/`, "")
      .replaceAll(name, "shop")
      .replaceAll(host, "localhost:5432")
      .replaceAll(`as ${username}`, "as postgres")
      .replaceAll(role, "deploy")
      // Compilers disagree about the order of a union.
      .replaceAll(/SequenceLike \| ("[^"]*")/g, "$1 | SequenceLike")
      // The time in the name of a migration.
      .replaceAll(/(?<!\d)\d{14}(?!\d)/g, "20261124120000")
  );
}

function differences(expected: readonly Mistake[], actual: readonly Mistake[]): string[] {
  return expected.flatMap(({ heading, consoles }, index) => {
    const [before, after] = [consoles.join(""), actual[index]?.consoles.join("")];
    return before === after ? [] : [`## ${heading}\n\nexpected:\n${before}\nprinted:\n${after}`];
  });
}
