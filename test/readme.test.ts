import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useDatabase } from "./support/database.js";
import { usePrograms } from "./support/programs.js";
import { RUNTIME } from "./support/runtime.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const README = new URL("../README.md", import.meta.url);
const folder = new URL("./.readme/", import.meta.url);
beforeAll(() => rm(folder, { recursive: true, force: true }));
afterAll(() => rm(folder, { recursive: true, force: true }));
const database = useDatabase();
const databaseOfFirst = useDatabase();
const compile = usePrograms();

/** The pages whose code is run, and how many claims they have at least. */
const PAGES: readonly [path: string, claims: number][] = [
  ["README.md", 26],
  ["docs/drivers.md", 2],
  ["docs/operations/monitoring.md", 4],
  ["docs/guides/ids-and-json.md", 4],
  ["docs/security.md", 3],
  ["docs/guides/testing.md", 3],
  ["docs/guides/values.md", 3],
];
function blocksOf(readme: string): [first: string, ...string[]] {
  return [...readme.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match) => match[1]) as [string];
}

/**
 * Joins the programs of a page into one module: the imports of all blocks, then their bodies in order, as a reader
 * would type them. What follows `// =>` is compared with the result of the statement before it.
 */
function programOf(page: string): { program: string; claims: number } {
  const [first, ...others] = blocksOf(page);
  // The others go on with its client.
  const blocks = [first.replace(/^console\.log[^]*/m, ""), ...others];
  const imports: string[] = [];
  let claims = 0;
  const bodies = blocks.map((block) =>
    block
      .replace(/^import [^;]*;\n/gm, (statement) => {
        imports.push(statement);
        return "";
      })
      .replace(
        /^( *)(if \(.*?\) )?(.*); \/\/ => (.*)$/gm,
        (_line, indent: string, condition = "", expression: string, claim: string) => {
          claims++;
          return `${indent}${condition}claim(${expression}, ${JSON.stringify(claim)});`;
        },
      ),
  );
  const check = `
    import { equal } from "node:assert/strict";
    function claim(actual: unknown, expected: string): void {
      const fragment = typeof actual === "object" && actual !== null && "text" in actual ? actual.text : undefined;
      equal(fragment ?? (typeof actual === "bigint" ? \`\${actual}n\` : String(actual)), expected);
      console.log("claim");
    }`;
  return { program: [...imports, check, ...bodies].join("\n"), claims };
}

test("the README's first program prints its output, ends, and runs a second time", async () => {
  const [first] = blocksOf(await readFile(README, "utf8"));
  expect(first).toContain("console.log(order?.id); // => 100n, then 102n when it runs again\n");
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("first.mts", folder), first);
  const [compiled] = await compile(new URL("first.mts", folder));
  for (const printed of ["100n\n", "102n\n"]) {
    const env = { ...process.env, DATABASE_URL: databaseOfFirst.url };
    const { stdout, stderr } = await run(RUNTIME.program, [...RUNTIME.args, compiled], { env, timeout: 60_000 });
    expect([stdout, stderr]).toEqual([printed, ""]);
  }
});

test("the code of the pages compiles, runs, and has the documented results", async () => {
  await mkdir(folder, { recursive: true });
  const pages = await Promise.all(
    PAGES.map(async ([path, least]) => {
      const { program, claims } = programOf(await readFile(new URL(`../${path}`, import.meta.url), "utf8"));
      const source = new URL(path.replaceAll("/", "-").replace(/md$/, "mts"), folder);
      await writeFile(source, program);
      return { source, claims, least };
    }),
  );
  const tsconfig = {
    extends: `${root}tsconfig.json`,
    compilerOptions: { noEmit: true },
    include: ["*.mts"],
    exclude: [],
  };
  await writeFile(new URL("tsconfig.json", folder), JSON.stringify(tsconfig));

  const directory = fileURLToPath(folder);
  await run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", directory]).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
  const compiled = await compile(...pages.map(({ source }) => source));
  for (const [index, { claims, least }] of pages.entries()) {
    const program = compiled[index] as string;
    const { stdout } = await run(RUNTIME.program, [...RUNTIME.args, program], {
      env: { ...process.env, DATABASE_URL: database.url },
    });
    expect(claims).toBeGreaterThanOrEqual(least);
    expect(stdout.match(/^claim$/gm)).toHaveLength(claims);
  }
});

test("the README names the dependencies of the command, and the library has none", async () => {
  const manifest = await readFile(new URL("../package.json", import.meta.url), "utf8");
  const { dependencies, peerDependencies } = JSON.parse(manifest) as Record<
    "dependencies" | "peerDependencies",
    Record<string, string>
  >;
  const [, sentence = ""] = /the library has no dependencies\. The command\s+`nextval`, ([^.]*)\./.exec(
    await readFile(README, "utf8"),
  )!;
  const names = Object.keys(dependencies);
  expect([...sentence.matchAll(/`(.*?)`/g)].map(([, name]) => name)).toEqual(names);
  expect(sentence).toContain(`has ${["no", "one", "two", "three", "four", "five"][names.length]}:`);

  const lib = new URL("../lib/", import.meta.url);
  const files = (await readdir(lib, { recursive: true })).filter((file) => /^(?!cli\/).*\.ts$/.test(file));
  expect(files.length).toBeGreaterThan(50);
  for (const file of files) {
    const text = await readFile(new URL(file, lib), "utf8");
    const imports = [...text.matchAll(/^(?:im|ex)port (?!type)[^;]*? from "([^".].*?)";$/gm)].map(([, name]) => name!);
    // The adapters import the query builder that they are for.
    const others = imports.filter((name) => !Object.hasOwn(peerDependencies, name.split("/")[0]!));
    expect({ file, others }).toEqual({ file, others: [] });
  }
});
