import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { RUNTIME } from "../support/runtime.js";
import { type Page, readPages } from "./blocks.js";
import { consolesOf, isPlayed, programOf } from "./page-program.js";
import type { Played } from "./stage.mjs";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const here = fileURLToPath(new URL("./", import.meta.url));
const database = useDatabase();
const target = useDatabase();
const databaseOfFirst = useDatabase();

const pages = (await readPages()).filter(isPlayed);
const programs = new Map(pages.map((page) => [page, programOf(page)]));
let folder: string;
let compiling: Promise<unknown>;
let played: Readonly<Record<string, Played>>;

const folderOf = ({ path }: Page) => `${folder}/${path.replace(/\.md$/, "").replaceAll("/", "-")}`;

// As a user would have them: with the package as it is built, and what is installed here.
beforeAll(async () => {
  const library = inject("library");
  folder = await mkdtemp(`${library}/pages-`);
  await mkdir(`${folder}/node_modules`);
  await symlink(library, `${folder}/node_modules/nextval`);
  for (const [page, { program }] of programs) {
    await write(`${folderOf(page)}/page.mts`, program);
    await write(`${folderOf(page)}/package.json`, JSON.stringify({ type: "module" }));
    await write(`${folderOf(page)}/tsconfig.json`, "{}");
    for (const { file, code, flags } of page.blocks) {
      if (file?.endsWith("ts") && !flags.has("no-compile")) await write(`${folderOf(page)}/${file}`, code);
    }
  }
  compiling = compile();
  await bundle();
  const results = `${folder}/played.json`;
  await run(RUNTIME.program, [...RUNTIME.args, `${folder}/play.mjs`, results, ...pages.map(folderOf)], {
    env: { ...process.env, ...environment() },
    timeout: 110_000,
  });
  played = JSON.parse(await readFile(results, "utf8")) as typeof played;
});

afterAll(() => rm(folder, { recursive: true }));

test("the code of the pages compiles", async () => {
  await compiling;
});

test.each(pages.map((page) => [page.path, page] as const))("%s does what it says", async (path, page) => {
  const { claims, consoles, failure } = played[folderOf(page)]!;
  if (failure !== undefined) throw new Error(`${path}: ${failure}`);
  expect(claims).toBe(programs.get(page)?.claims);
  let printed = page.text;
  // From the last to the first, so the places of the others stay.
  for (const [index, { code, start }] of [...consolesOf(page).entries()].reverse()) {
    printed = printed.slice(0, start) + consoles[index] + printed.slice(start + code.length);
  }
  if (process.env["UPDATE_PAGES"] !== undefined) await writeFile(`${root}${path}`, printed);
  else expect(printed).toBe(page.text);
});

test("the README's first program prints its output, ends, and runs a second time", async () => {
  const [first] = pages.find(({ path }) => path === "README.md")!.blocks;
  expect(first?.code).toContain("console.log(order?.id); // => 100n, then 102n when it runs again\n");
  await write(`${folder}/first.mts`, first?.code ?? "");
  await build({
    entryPoints: [`${folder}/first.mts`],
    outfile: `${folder}/first.mjs`,
    format: "esm",
    target: "node20",
  });
  for (const printed of ["100n\n", "102n\n"]) {
    const { stdout, stderr } = await run(RUNTIME.program, [...RUNTIME.args, `${folder}/first.mjs`], {
      env: { ...process.env, DATABASE_URL: databaseOfFirst.url },
      timeout: 60_000,
    });
    expect([stdout, stderr]).toEqual([printed, ""]);
  }
});

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function compile(): Promise<void> {
  const tsconfig = {
    extends: `${root}tsconfig.json`,
    compilerOptions: { noEmit: true, paths: {}, typeRoots: [`${root}node_modules/@types`] },
    include: ["*/**/*.mts", "*/**/*.ts"],
    exclude: ["node_modules"],
  };
  await writeFile(`${folder}/stage.mts`, `export * from ${JSON.stringify(`${here}stage.mjs`)};`);
  await writeFile(`${folder}/tsconfig.json`, JSON.stringify(tsconfig));
  await run(process.execPath, [compiler, "-p", folder]).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
}

const compiler = `${root}node_modules/typescript/bin/tsc`;

async function bundle(): Promise<void> {
  const options = { bundle: true, packages: "external", platform: "node", format: "esm", target: "node20" } as const;
  const shared = {
    ...options,
    outExtension: { ".js": ".mjs" },
    external: ["*/stage.mjs"] as string[],
    logLevel: "silent",
  } as const;
  await build({
    ...shared,
    entryPoints: [`${here}play.mts`, ...pages.map((page) => `${folderOf(page)}/page.mts`)].map((path) => ({
      in: path,
      out: path.replace(here, `${folder}/`).replace(/\.mts$/, ""),
    })),
    outdir: folder,
    outbase: folder,
  });
  await build({ ...options, entryPoints: [`${here}stage.mts`], outfile: `${folder}/stage.mjs` });
}

function environment(): NodeJS.ProcessEnv {
  const command = `${folder}/node_modules/nextval/dist/lib/cli/main.js`;
  return {
    DATABASE_URL: database.url,
    NEW_URL: target.url,
    NEXTVAL_COMMAND: JSON.stringify({
      nextval: [RUNTIME.program, ...RUNTIME.args, command],
      tsc: [process.execPath, compiler],
    }),
  };
}
