import { equal, match } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import postgres from "postgres";
import type { Combination } from "./combination.js";
import type { Databases, TestedDatabase } from "./databases.js";
import { playMistakes } from "./mistakes.js";
import { type Machine, type Newcomer, newcomerWith } from "./newcomer.js";
import { readQuickstart } from "./readme.js";
import { tablesOf } from "./tables.js";

/** Says how long each step took. */
export type Report = (step: string, seconds: number) => void;

/** Plays the first hour, and throws where it is not as it should be. */
export async function playHour(
  combination: Combination,
  machine: Machine,
  databases: Databases,
  report: Report,
): Promise<void> {
  const newcomer = await newcomerWith(combination, machine);
  const step = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    const begin = performance.now();
    const result = await work();
    report(name, (performance.now() - begin) / 1000);
    return result;
  };
  try {
    await step("install", () => install(newcomer, combination));
    await step("first program", async () => runFirstProgram(newcomer, combination, await databases.create()));
    const shop = await databases.create();
    await step("pull", () => pullShop(newcomer, shop));
    await step("push", async () => pushToEmpty(newcomer, shop, await databases.create()));
    await step("mistakes", () => playMistakes(newcomer, combination, databases));
  } finally {
    await newcomer.leave();
  }
}

async function install(newcomer: Newcomer, { manager, type }: Combination): Promise<void> {
  await newcomer.succeed(`${manager} init${manager === "npm" ? " -y" : ""}`);
  await newcomer.succeed(`npm pkg set type=${type}`);
  for (const command of (await readQuickstart()).commands) {
    if (command.startsWith("npm install ")) await newcomer.succeed(command);
  }
  // As the README says what the compiler needs.
  await newcomer.succeed("npx tsc --init");
  const settings = await readFile(`${newcomer.folder}/tsconfig.json`, "utf8");
  const types = settings.replace(/^ *(\/\/ *)?"types": *\[\],?/m, '"types": ["node"],');
  equal(types === settings, false, settings);
  const needed = type === "module" ? types : types.replace(/^.*verbatimModuleSyntax.*\n/m, "");
  await newcomer.write({ "tsconfig.json": needed });
}

async function runFirstProgram(newcomer: Newcomer, { type }: Combination, { url }: TestedDatabase): Promise<void> {
  const { program, prints, commands } = await readQuickstart();
  await newcomer.write({ "first.mts": program });
  const run = commands.at(-1) as string;
  for (const printed of prints) equal(await newcomer.succeed(run, { DATABASE_URL: url }), `${printed}\n`);
  await newcomer.succeed("npx tsc --noEmit");
  // From Node.js 20.19 on a CommonJS program may require an ES module.
  if (type === "module" || !("require_module" in process.features)) return;
  await newcomer.write({ "first.cjs": `console.log(require("nextval").pgSequence("order_seq").seqName);\n` });
  equal(await newcomer.succeed("node first.cjs"), "order_seq\n");
}

/** A schema that has grown becomes declarations, which compile and which nothing differs from. */
async function pullShop(newcomer: Newcomer, shop: TestedDatabase): Promise<void> {
  await shop.run(await readFile(new URL("shop.sql", import.meta.url), "utf8"));
  const [row] = await shop.run("select count(*)::int as sequences from pg_sequences");
  equal(row?.["sequences"], 40);
  await newcomer.write({ "nextval.config.ts": (await readQuickstart()).config });
  const env = { DATABASE_URL: shop.url };
  equal(await newcomer.succeed("npx nextval pull --out src/sequences.ts", env), "Wrote src/sequences.ts.\n");
  await newcomer.succeed("npx tsc --noEmit");
  equal(await newcomer.succeed("npx nextval check", env), "Nothing differs.\n");
}

/** To a database without tables, then to the same with tables. */
async function pushToEmpty(newcomer: Newcomer, shop: TestedDatabase, empty: TestedDatabase): Promise<void> {
  const env = { DATABASE_URL: empty.url };
  const push = "npx nextval push --yes";
  match(await newcomer.succeed(push, env), /\nApplied 39 changes\.\n20 owners pending: push again once the table/);
  equal((await newcomer.type("npx nextval check", env)).status, 1);
  const client = postgres(shop.url, { max: 1 });
  const tables = await tablesOf(client).finally(() => client.end({ timeout: 1 }));
  await empty.run(tables);
  match(await newcomer.succeed(push, env), /\nApplied 20 changes\.\n$/);
  equal(await newcomer.succeed("npx nextval check", env), "Nothing differs.\n");
  const [user] = await empty.run("insert into users (email) values ('me@example.com') returning id");
  equal(user?.["id"], 1);
  const [status] = (await newcomer.succeed("npx nextval status", env)).split("\n").slice(-2);
  equal(status, "40 sequences: 0 critical, 0 warning, 40 ok");
}
