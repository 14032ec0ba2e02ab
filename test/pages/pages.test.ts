import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { serverVersion, useDatabase } from "../support/database.js";
import { HAS_LONG_FILES } from "../support/effort.js";
import { RUNTIME } from "../support/runtime.js";
import { readPages } from "./blocks.js";
import { bundle, checkTypes, compileAlone, stageOf, writePrograms } from "./make-programs.js";
import { consolesOf, isPlayed, programOf } from "./page-program.js";
import { playPages } from "./play-pages.js";
import type { Played } from "./stage.mjs";

const run = promisify(execFile);
const database = useDatabase();
const target = useDatabase();
const databaseOfFirst = useDatabase();

const written = await readPages();
/** What a newcomer reads first. `npm test` plays only these, and `npm run test:docs` all of them. */
const FIRST = new Set(["README.md", "docs/getting-started.md"]);
/** `PAGES=resync npx vitest run test/pages/` plays the pages with that in their path only. */
const part = process.env["PAGES"] ?? (HAS_LONG_FILES ? "" : undefined);
const isWanted = (path: string) => (part === undefined ? FIRST.has(path) : path.includes(part));
/** The oldest versions of PostgreSQL that pages play on, if these are not all supported ones. */
const OLDEST = new Map([["docs/migrations/hazards.md", 15]]);
const pages = written.filter((page) => isPlayed(page) && isWanted(page.path));
const programs = new Map(pages.map((page) => [page, programOf(page)]));
let folder: string;
let checking: Promise<void>;
let played: Readonly<Record<string, Played>>;

beforeAll(async () => {
  folder = await mkdtemp(`${inject("library")}/pages-`);
  await writePrograms(folder, inject("library"), programs);
  checking = checkTypes(folder);
  // A test awaits it.
  checking.catch(() => {});
  const player = await bundle(folder, pages);
  const stages = pages.map((page) => stageOf(folder, page));
  played = await playPages(player, stages, { DATABASE_URL: database.url, NEW_URL: target.url });
}, 600_000);

afterAll(() => rm(folder, { recursive: true }));

test("the code of the pages compiles", () => checking);

test.for(pages.map((page) => [page.path, page] as const))("%s does what it says", async ([path, page], context) => {
  const oldest = OLDEST.get(path) ?? 0;
  if ((await serverVersion(database.client)) < oldest) context.skip(`${path} needs PostgreSQL ${oldest}`);
  const { claims, wrong, consoles, failure } = played[stageOf(folder, page)]!;
  if (failure !== undefined) throw new Error(`${path}: ${failure}`);
  expect(wrong).toEqual([]);
  expect(claims).toBe(programs.get(page)?.claims);
  let printed = page.text;
  // From the last to the first, so the places of the others stay.
  for (const [index, { code, start }] of [...consolesOf(page).entries()].reverse()) {
    printed = printed.slice(0, start) + consoles[index] + printed.slice(start + code.length);
  }
  if (process.env["UPDATE_PAGES"] !== undefined) await writeFile(new URL(`../../${path}`, import.meta.url), printed);
  else expect(printed).toBe(page.text);
});

test("the README's first program prints its output, ends, and runs a second time", async () => {
  const [first] = written.find(({ path }) => path === "README.md")!.blocks;
  expect(first?.code).toContain("console.log(order?.id); // => 100n, then 102n when it runs again\n");
  const program = await compileAlone(folder, "first", first?.code ?? "");
  for (const printed of ["100n\n", "102n\n"]) {
    const { stdout, stderr } = await run(RUNTIME.program, [...RUNTIME.args, program], {
      env: { ...process.env, DATABASE_URL: databaseOfFirst.url },
      timeout: 60_000,
    });
    expect([stdout, stderr]).toEqual([printed, ""]);
  }
});
