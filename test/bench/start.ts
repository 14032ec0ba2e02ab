import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bind, createSequence, dropSequence, pgSequence } from "nextval";
import postgres from "postgres";
import { reachServer } from "../server/server.js";
import { CHECKOUT } from "./checkout.js";
import { median } from "./interleave.js";
import { atMost, least, ratios, type Report, round, spread } from "./report.js";

const ROUNDS = 15;
const NAME = "nextval_bench";
const SEQUENCES = Array.from({ length: 10 }, (_, n) => pgSequence(`${NAME}_${n}_seq`, { startWith: 100 }));

/** What else is imported for statements of one's own. */
const PEERS = ["kysely", "drizzle-orm/postgres-js", "postgres", "slonik", "sql-template-tag"];

/** What each program prints is its own time; what prints nothing is timed as a whole process. */
const IMPORT = (name: string) =>
  `const start = performance.now(); await import("${name}"); console.log(performance.now() - start);`;
const CONNECT = `
  import postgres from "postgres";
  const client = postgres(process.env.DATABASE_URL, { max: 1 });
  await client\`select 1\`;
  await client.end();`;
/** Loads the configuration and the declarations as the command does, which keeps its own files to itself. */
const LOAD = `
  import { createJiti } from "jiti";
  const jiti = createJiti(import.meta.url, { fsCache: "node_modules/.jiti" });
  for (const file of ["./nextval.config.ts", "./sequences.ts"]) await jiti.import(file);`;

/** Measures how long one waits until nextval is there: for an import, and for a run of the command. */
export async function measure(): Promise<Report> {
  const server = await reachServer();
  const folder = await mkdtemp(join(tmpdir(), "nextval-bench-"));
  const client = postgres(server.url, { max: 1, onnotice: () => {} });
  try {
    await makeProject(folder);
    const db = bind(client);
    for (const sequence of SEQUENCES) {
      await db.query(dropSequence(sequence, { ifExists: true }));
      await db.query(createSequence(sequence));
    }

    const run = (...args: string[]) => timeProcess(folder, server.url, args);
    const program = (text: string) => run("--input-type=module", "-e", text);
    const all: Timed[] = [
      { name: "import an empty package", run: () => program(IMPORT("empty")), ms: [] },
      { name: "import nextval", run: () => program(IMPORT("nextval")), ms: [] },
      { name: "import as many functions that do nothing", run: () => program(IMPORT("idle")), ms: [] },
      { name: "node, which does nothing", run: () => run("-e", "0"), ms: [] },
      { name: "node, and postgres.js selects 1", run: () => program(CONNECT), ms: [] },
      { name: "node, which also loads the configuration", run: () => program(CONNECT + LOAD), ms: [] },
      { name: "nextval check", run: () => run(`${CHECKOUT}dist/lib/cli/main.js`, "check"), ms: [] },
      ...PEERS.map((name) => ({ name: `import ${name}`, run: () => program(IMPORT(name)), ms: [] })),
    ];
    // The first round only brings the files into the memory of the system.
    for (let turn = -1; turn < ROUNDS; turn++) {
      for (const each of all) {
        const ms = each.run();
        if (turn >= 0) each.ms.push(ms);
      }
    }
    const [empty, imported, idle, , connected, loaded, check, ...peers] = all.map(({ ms }) => ms) as [
      number[],
      number[],
      number[],
      number[],
      number[],
      number[],
      number[],
      ...number[][],
    ];
    const times = ratios(imported, empty);
    const overConnecting = ratios(check, connected);
    return {
      tables: [
        {
          title: `In fresh processes, in ms, medians of ${ROUNDS} rounds`,
          columns: ["", "ms", "quartiles"],
          rows: all.map(({ name, ms }) => [name, round(median(ms)), spread(ms)]),
        },
        {
          title: "Ratios of each round",
          columns: ["", "times", "quartiles"],
          rows: [
            ["import nextval, of an empty package", round(median(times)), spread(times)],
            ["nextval check, of a process that connects", round(median(overConnecting)), spread(overConnecting)],
          ],
        },
      ],
      targets: [
        atMost("import, times an empty package", times, 2.2, {
          limit: `1 (an empty package), ${round(median(ratios(idle, empty)))} (as many functions that do nothing)`,
          peer: least(peers.map((ms, index) => ({ name: PEERS[index] ?? "", figure: median(ratios(ms, empty)) }))),
        }),
        atMost("nextval check of 10 sequences, configuration in TypeScript", check, 300, {
          unit: " ms",
          limit: `${round(median(loaded))} (a program that loads the configuration with jiti, and selects 1)`,
        }),
      ],
    };
  } finally {
    for (const sequence of SEQUENCES) await bind(client).query(dropSequence(sequence, { ifExists: true }));
    await client.end({ timeout: 1 });
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

interface Timed {
  readonly name: string;
  readonly run: () => number;
  readonly ms: number[];
}

/** Makes a project in TypeScript, with a configuration, declarations, nextval, postgres.js and an empty package. */
async function makeProject(folder: string): Promise<void> {
  const packages = join(folder, "node_modules");
  for (const name of ["empty", "idle"]) await mkdir(join(packages, name), { recursive: true });
  await symlink(CHECKOUT, join(packages, "nextval"));
  for (const peer of new Set(["jiti", ...PEERS.map((name) => name.split("/")[0] as string)])) {
    await symlink(`${CHECKOUT}node_modules/${peer}`, join(packages, peer));
  }
  const declarations = SEQUENCES.map(
    ({ seqName }, n) => `export const order${n}Seq = pgSequence("${seqName}", { startWith: 100 });`,
  );
  const files = {
    "package.json": JSON.stringify({ name: "app", type: "module" }),
    "node_modules/empty/package.json": JSON.stringify({ name: "empty", type: "module", exports: "./index.js" }),
    "node_modules/empty/index.js": "export {};\n",
    "node_modules/idle/package.json": JSON.stringify({ name: "idle", type: "module", exports: "./index.js" }),
    "node_modules/idle/index.js": 'import "./chunk.js";\n',
    "node_modules/idle/chunk.js": idleFunctions(await bytesOfImport()),
    "sequences.ts": `import { pgSequence } from "nextval";\n${declarations.join("\n")}\n`,
    "nextval.config.ts": [
      `import { defineConfig } from "nextval/config";`,
      `export default defineConfig({ declarations: ["sequences.ts"] });`,
    ].join("\n"),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

/** How many bytes `import "nextval"` loads: its entry, and the one chunk of the core. */
async function bytesOfImport(): Promise<number> {
  const entry = await readFile(`${CHECKOUT}dist/lib/index.js`, "utf8");
  const chunk = /from "(\.\.\/chunks\/.+?)"/.exec(entry)?.[1] ?? "";
  return entry.length + (await readFile(`${CHECKOUT}dist/lib/${chunk}`, "utf8")).length;
}

/** Functions of this many bytes, which a program parses and never calls. */
function idleFunctions(bytes: number): string {
  const text = (index: number) => `
function idle${index}(value, name) {
  if (value === undefined) throw new Error("there is no " + name);
  return { name, value, isNumber: typeof value === "number" };
}`;
  return Array.from({ length: Math.round(bytes / text(100).length) }, (_, index) => text(index)).join("\n");
}

function timeProcess(cwd: string, url: string, args: readonly string[]): number {
  const start = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", DATABASE_URL: url },
  });
  const whole = performance.now() - start;
  if (status !== 0) throw new Error(`${args.at(-1)}: ${stderr}${stdout}`);
  const own = Number(stdout);
  return stdout !== "" && Number.isFinite(own) ? own : whole;
}
