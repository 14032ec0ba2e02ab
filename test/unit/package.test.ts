import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Everything of the public face in use, against the types as they are published. */
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

beforeAll(async () => {
  await run("npm", ["run", "build"], { cwd: root });
});

test.each(["typescript-5", "typescript-6", "typescript"])("the published types work under %s", async (compiler) => {
  const folder = await mkdtemp(`${root}node_modules/.nextval-types-`);
  try {
    await writeFile(`${folder}/program.ts`, PROGRAM);
    const compilerOptions = {
      target: "es2022",
      module: "nodenext",
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ["node"],
      typeRoots: [`${root}node_modules/@types`],
    };
    await writeFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
    await mkdir(`${folder}/node_modules`);
    await symlink(root, `${folder}/node_modules/nextval`);
    const { stdout } = await run(process.execPath, [`${root}node_modules/${compiler}/bin/tsc`, "-p", folder]).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("it needs nothing that not every JavaScript engine has: no module of Node, no global of a host", async () => {
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
  expect(text).toBe(`select nextval('"order_seq"'::regclass), $1`);
});
