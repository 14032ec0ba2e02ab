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

/** `PAGES=resync npx vitest run test/pages/` plays the pages with that in their path only. */
const written = await readPages();
const pages = written.filter((page) => isPlayed(page) && page.path.includes(process.env["PAGES"] ?? ""));
const programs = new Map(pages.map((page) => [page, programOf(page)]));
let folder: string;
let compiling: Promise<unknown>;
let played: Readonly<Record<string, Played>>;

const nameOf = ({ path }: Page) => path.replace(/\.md$/, "").replaceAll("/", "-");
/** Where the program of a page is compiled, and where it runs: what it writes there may be wrong on purpose. */
const folderOf = (page: Page) => `${folder}/${nameOf(page)}`;
const stageOf = (page: Page) => `${folder}/run/${nameOf(page)}`;

// As a user would have them: with the package as it is built, and what is installed here.
beforeAll(async () => {
  const library = inject("library");
  folder = await mkdtemp(`${library}/pages-`);
  await mkdir(`${folder}/node_modules`);
  await symlink(library, `${folder}/node_modules/nextval`);
  for (const [page, { program }] of programs) {
    await write(`${folderOf(page)}/page.mts`, program);
    for (const [version, files] of versionsOf(page).entries()) {
      const place = version === 0 ? folderOf(page) : `${folderOf(page)}/version-${version}`;
      for (const [file, code] of files) await write(`${place}/${file}`, code);
    }
    await write(`${stageOf(page)}/package.json`, JSON.stringify({ type: "module", private: true }));
    await write(
      `${stageOf(page)}/tsconfig.json`,
      JSON.stringify({ compilerOptions: READERS_OPTIONS, include: ["src"] }),
    );
  }
  compiling = compile();
  // A test awaits it.
  compiling.catch(() => {});
  await bundle();
  const results = `${folder}/played.json`;
  await run(RUNTIME.program, [...RUNTIME.args, `${folder}/run/play.mjs`, results, ...pages.map(stageOf)], {
    env: { ...process.env, ...environment() },
    timeout: 280_000,
  });
  played = JSON.parse(await readFile(results, "utf8")) as typeof played;
}, 300_000);

afterAll(() => rm(folder, { recursive: true }));

test("the code of the pages compiles", async () => {
  await compiling;
});

test.each(pages.map((page) => [page.path, page] as const))("%s does what it says", async (path, page) => {
  const { claims, wrong, consoles, failure } = played[stageOf(page)]!;
  if (failure !== undefined) throw new Error(`${path}: ${failure}`);
  expect(wrong).toEqual([]);
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
  const [first] = written.find(({ path }) => path === "README.md")!.blocks;
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

/** The files of a page: first as they are at first, then those that change. */
function versionsOf({ blocks }: Page): Map<string, string>[] {
  const versions: Map<string, string>[] = [];
  for (const { file, code, flags } of blocks) {
    if (file === undefined || !/\.m?ts$/.test(file) || flags.has("no-compile")) continue;
    const free = versions.find((version) => !version.has(file)) ?? new Map<string, string>();
    if (free.size === 0) versions.push(free);
    free.set(file, code);
  }
  return versions;
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function compile(): Promise<void> {
  const tsconfig = {
    extends: `${root}tsconfig.json`,
    compilerOptions: { noEmit: true, paths: {}, typeRoots: [`${root}node_modules/@types`] },
    include: ["*/**/*.mts", "*/**/*.ts"],
    exclude: ["node_modules", "run"],
  };
  await writeFile(`${folder}/stage.mts`, `export * from ${JSON.stringify(`${here}stage.mjs`)};`);
  await writeFile(`${folder}/tsconfig.json`, JSON.stringify(tsconfig));
  await run(process.execPath, [compiler, "-p", folder]).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
}

/** As the pages say what TypeScript needs. */
const READERS_OPTIONS = { strict: true, module: "nodenext", types: ["node"] };
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
      out: `run/${path
        .replace(here, "")
        .replace(`${folder}/`, "")
        .replace(/\.mts$/, "")}`,
    })),
    outdir: folder,
    outbase: folder,
  });
  await build({ ...options, entryPoints: [`${here}stage.mts`], outfile: `${folder}/run/stage.mjs` });
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
