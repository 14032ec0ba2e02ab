import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ORDINARY, OTHERS, testExamples } from "./support/examples.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const args = testExamples(ORDINARY);
/** What several examples use. */
const SHARED = ["database.ts", "pg-database.ts", "show.ts"];

test("every example runs", async () => {
  const files = await readdir(new URL("../examples", import.meta.url));
  const examples = files.filter((file) => file.endsWith(".ts") && !SHARED.includes(file));
  expect(examples.sort()).toEqual(
    Object.keys({ ...ORDINARY, ...OTHERS })
      .map((name) => `${name}.ts`)
      .sort(),
  );
});

test("an example needs nothing but a database", async () => {
  const sources = await Promise.all(
    (await readdir(`${root}examples`))
      .filter((file) => file.includes("."))
      .map((file) => readFile(`${root}examples/${file}`, "utf8")),
  );
  const imports = sources.flatMap((source) => [...source.matchAll(/ from "(\..*?)"/g)].map(([, path]) => path));
  expect([...new Set(imports)].sort()).toEqual(SHARED.map((file) => `./${file.replace(".ts", ".js")}`));
  // One over node-postgres does not need postgres.js as well, and the other way round.
  const drivers = sources.map(
    (source) => /from "(?:pg|\.\/pg-database\.js)"/.test(source) && /from "(?:postgres|\.\/database\.js)"/.test(source),
  );
  expect(drivers).not.toContain(true);
  const env = { ...process.env, DATABASE_URL: "" };
  const error = await run(process.execPath, args["drizzle"] ?? [], { cwd: root, env }).catch(({ stderr }) => stderr);
  expect(error).toContain("Set DATABASE_URL, or start a server for the example as well: npm run example NAME");
});
