import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type BuildOptions } from "esbuild";
import { madePGlite } from "../support/pglite.js";
import type { Page } from "./blocks.js";
import type { PageProgram } from "./page-program.js";
import { compiler } from "./shell.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const here = fileURLToPath(new URL("./", import.meta.url));

const nameOf = ({ path }: Page) => path.replace(/\.md$/, "").replaceAll("/", "-");
/** Where the program of a page is compiled. It runs elsewhere: what it writes there may be wrong on purpose. */
const compiledIn = (folder: string, page: Page) => `${folder}/${nameOf(page)}`;

/** The folder in which the program of a page runs. */
export const stageOf = (folder: string, page: Page) => `${folder}/run/${nameOf(page)}`;

/** As the pages say what TypeScript needs. */
const READERS_OPTIONS = { strict: true, module: "nodenext", types: ["node"] };

const OPTIONS: BuildOptions = {
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "silent",
};

/** Writes the programs of pages to a folder that has the library as a user has it, with the files of the pages. */
export async function writePrograms(
  folder: string,
  library: string,
  programs: ReadonlyMap<Page, PageProgram>,
): Promise<void> {
  await link(folder, library);
  for (const [page, { program }] of programs) {
    const place = compiledIn(folder, page);
    await write(`${place}/page.mts`, program);
    for (const [version, files] of versionsOf(page).entries()) {
      for (const [file, code] of files)
        await write(`${place}/${version === 0 ? "" : `version-${version}/`}${file}`, code);
    }
    const stage = stageOf(folder, page);
    await link(stage, library);
    await write(`${stage}/package.json`, JSON.stringify({ type: "module", private: true }));
    await write(`${stage}/tsconfig.json`, JSON.stringify({ compilerOptions: READERS_OPTIONS, include: ["src"] }));
  }
}

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

/** Checks the types of all programs, with the declarations that are published. */
export async function checkTypes(folder: string): Promise<void> {
  const tsconfig = {
    extends: `${root}tsconfig.json`,
    // What is written down for the next time is not read again: the folder has another name then.
    compilerOptions: {
      noEmit: true,
      incremental: false,
      tsBuildInfoFile: null,
      paths: {},
      typeRoots: [`${root}node_modules/@types`],
    },
    include: ["*/**/*.mts", "*/**/*.ts"],
    exclude: ["node_modules", "run"],
  };
  await write(`${folder}/stage.mts`, `export * from ${JSON.stringify(`${here}stage.mjs`)};`);
  await write(`${folder}/tsconfig.json`, JSON.stringify(tsconfig));
  // More threads check some types again, and other tests have the processor meanwhile.
  await run(process.execPath, [compiler, "-p", folder, "--singleThreaded"]).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
}

/** Makes JavaScript of all programs. Returns the path of the one that plays the pages. */
export async function bundle(folder: string, pages: readonly Page[]): Promise<string> {
  await build({
    ...OPTIONS,
    entryPoints: [
      { in: `${here}play.mts`, out: "play" },
      ...pages.map((page) => ({ in: `${compiledIn(folder, page)}/page.mts`, out: `${nameOf(page)}/page` })),
    ],
    outdir: `${folder}/run`,
    outExtension: { ".js": ".mjs" },
    external: ["*/stage.mjs"],
    plugins: [madePGlite],
  });
  await build({ ...OPTIONS, entryPoints: [`${here}stage.mts`], outfile: `${folder}/run/stage.mjs` });
  return `${folder}/run/play.mjs`;
}

/** Writes a program and makes JavaScript of it. Returns its path. */
export async function compileAlone(folder: string, name: string, program: string): Promise<string> {
  await write(`${folder}/${name}.mts`, program);
  const outfile = `${folder}/${name}.mjs`;
  await build({ ...OPTIONS, entryPoints: [`${folder}/${name}.mts`], outfile });
  return outfile;
}

async function link(folder: string, library: string): Promise<void> {
  await mkdir(`${folder}/node_modules`, { recursive: true });
  await symlink(library, `${folder}/node_modules/nextval`);
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
