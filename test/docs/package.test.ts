import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { COMPILERS } from "../support/compiler.js";
import { isBuilt } from "../support/is-built.js";
import { longDescribe } from "../support/long-test.js";
import { usePrograms } from "../support/programs.js";

const compile = usePrograms();
const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Uses every public name, against the published types. */
const PROGRAM = `
import postgres from "postgres";
import { bind, createSequence, currval, nextval, pgSchema, pgSequence, sql, type ValueOf } from "nextval";

const orderSeq = pgSequence("order_seq", { startWith: 100, increment: 2 });
const invoiceSeq = pgSchema("billing").sequence("invoice_seq", { as: "integer" });
const id: ValueOf<typeof orderSeq> = 5n;
const db = bind(postgres());
export async function main(): Promise<bigint> {
  await db.query(createSequence(orderSeq, { ifNotExists: true }));
  const [row] = await db\`select \${nextval(orderSeq).as("id")}, \${id}, \${sql.identifier("x")}\`;
  const invoice: number = await db.begin(async (tx) => (await tx\`select \${currval(invoiceSeq).as("n")}\`)[0]?.n ?? 0);
  return (row?.id ?? 0n) + BigInt(invoice);
}
// @ts-expect-error order_seq: startWith 5 is below minValue 100
pgSequence("order_seq", { minValue: 100, startWith: 5 });
`;

/** The adapters with the types of their hosts, which have errors of their own under a full check. */
const ADAPTERS = `
import type { SQL } from "drizzle-orm";
import type { Knex } from "knex";
import type { RawBuilder } from "kysely";
import type { Kysely, Transaction } from "kysely";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { type HostDatabase, type HostTransaction, nextval, pgSequence } from "nextval";
import { bind as bindDrizzle, fromDrizzle, sequenceColumn, toDrizzle } from "nextval/drizzle";
import { bind as bindKnex, toKnex } from "nextval/knex";
import { bind as bindKysely, fromKysely, toKysely } from "nextval/kysely";

const orderSeq = pgSequence("order_seq");
export const forKysely: RawBuilder<bigint> = toKysely(nextval(orderSeq));
export const forDrizzle: SQL<bigint> = toDrizzle(nextval(orderSeq));
export const forKnex = (knex: Knex): Knex.Raw<bigint> => toKnex(knex, nextval(orderSeq));
export const back = [fromKysely(forKysely).text, fromDrizzle(forDrizzle).text, sequenceColumn(orderSeq)];
export const handles = (kysely: Kysely<{}>, drizzle: NodePgDatabase, knex: Knex): HostDatabase[] =>
  [bindKysely(kysely), bindDrizzle(drizzle), bindKnex(knex)];
export const inTransaction = (kysely: Transaction<{}>, knex: Knex.Transaction): HostTransaction[] =>
  [bindKysely(kysely), bindKnex(knex)];
// @ts-expect-error a pool has no session
export const session = (knex: Knex) => bindKnex(knex).lastval();
// @ts-expect-error the sequence is bigint
export const wrong: RawBuilder<number> = toKysely(nextval(orderSeq));
`;

/** The ports with the types of their drivers. */
const DRIVERS = `
import { PGlite } from "@electric-sql/pglite";
import { type Database, type HostTransaction, pgSequence } from "nextval";
import { bindTransaction } from "nextval/host";
import { bind } from "nextval/pg";
import { bind as bindPGlite } from "nextval/pglite";
import { Client, Pool } from "pg";

const handles: Database[] = [bind(new Pool(), { waitTimeout: 5_000 }), bind(new Client()), bindPGlite(new PGlite())];
export const ids: Promise<bigint>[] = handles.map((db) => db.nextval(pgSequence("order_seq")));
export const host: HostTransaction = bindTransaction((text, values) => new Pool().query(text, values));
// @ts-expect-error a URL is not a client
bind("postgres://localhost");
// @ts-expect-error a pool is not a PGlite
bindPGlite(new Pool());
`;

const PROGRAMS = { "program.ts": PROGRAM, "adapters.ts": ADAPTERS, "drivers.ts": DRIVERS };

/** A user's folder with these programs, and with the package. */
let folder: string;

beforeAll(async () => {
  if (!(await isBuilt())) await run("npm", ["run", "build"], { cwd: root });
  folder = await mkdtemp(`${root}node_modules/.nextval-types-`);
  for (const [name, program] of Object.entries(PROGRAMS)) await writeFile(`${folder}/${name}`, program);
  await mkdir(`${folder}/node_modules`);
  await symlink(root, `${folder}/node_modules/nextval`);
  return () => rm(folder, { recursive: true });
});

// `npm run check` always does so. It takes as long as all compilers.
if (process.env.NEXTVAL_COMPILERS === "all") {
  test.concurrent("the published types pass test/types", async () => {
    const args = ["--typings", "dist/lib/index.d.ts", "--files", "test/types/*.test-d.ts"];
    const tsd = `${root}node_modules/tsd/dist/cli.js`;
    const { stdout, stderr } = await run(process.execPath, [tsd, ...args], { cwd: root }).catch(
      (error: unknown) => error as { stdout: string; stderr: string },
    );
    expect(stdout + stderr).toBe("");
  });
}

// Of 7, see below.
const compilers = Object.values(COMPILERS).filter((compiler) => compiler !== "typescript");

describe.concurrent.each(compilers)("under %s", (compiler) => {
  test("the published types work, and the adapters with the types of their hosts", async () => {
    const [checkPublished] = await compile(new URL("../support/check-published.ts", import.meta.url));
    const files = Object.keys(PROGRAMS).map((name) => `${folder}/${name}`);
    const { stdout } = await run(process.execPath, [checkPublished, compiler, ...files]);
    const { checked, complaints } = JSON.parse(stdout) as { checked: string[]; complaints: string };
    expect(complaints).toBe("");
    const published = [
      "index",
      "adapters/drizzle",
      "adapters/knex",
      "adapters/kysely",
      "drivers/host/index",
      "drivers/pg/index",
      "drivers/pglite/index",
    ];
    expect(checked).toEqual(
      expect.arrayContaining([...files, ...published.map((name) => `${root}dist/lib/${name}.d.ts`)]),
    );
  });
});

// It has no stable interface but its command line, which checks all declarations or none.
longDescribe("under typescript 7", () => {
  // `npm run check` tries them with attw and tsd, and the first hour installs them.
  test("the published types work", async () => {
    expect(await complaintsOf("program.ts", { skipLibCheck: false })).toBe("");
  });

  test.each(["adapters.ts", "drivers.ts"] as const)("%s work with the types of their hosts", async (program) => {
    expect(await complaintsOf(program, { skipLibCheck: true })).toBe("");
  });

  async function complaintsOf(file: keyof typeof PROGRAMS, options: object): Promise<string> {
    const compilerOptions = {
      target: "es2022",
      module: "nodenext",
      strict: true,
      noEmit: true,
      types: ["node"],
      typeRoots: [`${root}node_modules/@types`],
      ...options,
    };
    await writeFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: [file] }));
    const { stdout } = await run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", folder]).catch(
      (error: unknown) => error as { stdout: string },
    );
    return stdout;
  }
});

test("the tarball is small, and has every module once", async () => {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const { stdout } = await run("npm", args, { cwd: root });
  const packed = (JSON.parse(stdout) as readonly { files: readonly { path: string }[] }[])[0]?.files ?? [];
  const paths = packed.map(({ path }) => path);
  expect(paths).toContain("dist/lib/index.js");
  expect(paths.length).toBeLessThanOrEqual(200);
  // The maps contain the sources.
  expect(
    paths.filter((path) => !/^dist\/.*\.(?:js|js\.map|d\.ts)$|^[A-Z]+(?:\.md)?$|^package\.json$/.test(path)),
  ).toEqual([]);

  const maps = await Promise.all(
    paths
      .filter((path) => path.endsWith(".map"))
      .map(async (path) => JSON.parse(await readFile(`${root}${path}`, "utf8")) as SourceMap),
  );
  const modules = maps.flatMap(({ sources }) => sources.map((source) => source.replace(/^(?:\.\.\/)+/, "")));
  expect(modules.length).toBeGreaterThan(150);
  expect(modules.filter((module, index) => modules.indexOf(module) !== index)).toEqual([]);
  expect(modules.filter((module) => !/^(?:lib|types)\/.*\.ts$/.test(module))).toEqual([]);
  expect(maps.filter(({ sources, sourcesContent = [] }) => sourcesContent.length !== sources.length)).toEqual([]);
});

test("no declaration needs the types of a driver, which a program over another one has not installed", async () => {
  const met = new Set([
    `${root}dist/lib/index.d.ts`,
    `${root}dist/lib/drivers/pg/index.d.ts`,
    `${root}dist/lib/drivers/pglite/index.d.ts`,
  ]);
  const packages = new Set<string>();
  // The loop also visits what is added while it runs.
  for (const file of met) {
    const text = await readFile(file, "utf8");
    for (const [, name = ""] of text.matchAll(/(?:^(?:im|ex)port .*from |\bimport\()"(.+?)"/gm)) {
      if (name.startsWith(".")) met.add(fileURLToPath(new URL(name.replace(/\.js$/, ".d.ts"), `file://${file}`)));
      else packages.add(name);
    }
  }
  expect([...packages]).toEqual([]);
  expect(met.size).toBeGreaterThan(30);
});

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly string[];
}

test("it needs only what every JavaScript engine has: no module of Node, no global of a host", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [`${root}dist/lib/index.js`],
    bundle: true,
    platform: "neutral",
    format: "iife",
    globalName: "library",
    metafile: true,
    write: false,
  });
  expect(Object.values(metafile.outputs).flatMap((output) => output.imports)).toEqual([]);
  const context = createContext({});
  const text: unknown = runInContext(
    `${outputFiles[0]?.text}
    const { nextval, pgSequence, sql } = library;
    sql\`select \${nextval(pgSequence("order_seq"))}, \${1}\`.text;`,
    context,
  );
  expect(text).toBe(`select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1`);
});
