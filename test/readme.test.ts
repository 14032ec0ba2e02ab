import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { useDatabase } from "./database.js";
import { usePrograms } from "./programs.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = new URL("./.readme/", import.meta.url);
const database = useDatabase();
const compile = usePrograms();

/** The pages whose code is run, and how many claims they have at least. */
const PAGES: readonly [path: string, claims: number][] = [
  ["README.md", 26],
  ["docs/security.md", 3],
];

/**
 * Joins the programs of a page into one module: the imports of all blocks, then their bodies in order, as a reader would type them.
 * What follows `// =>` is compared with the result of the statement before it.
 */
function programOf(page: string): { program: string; claims: number } {
  const blocks = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match) => match[1] as string);
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

test("the code of the pages compiles, runs, and gives what it says", async () => {
  await rm(folder, { recursive: true, force: true });
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
    const { stdout } = await run(process.execPath, [program], { env: { ...process.env, DATABASE_URL: database.url } });
    expect(claims).toBeGreaterThanOrEqual(least);
    expect(stdout.match(/^claim$/gm)).toHaveLength(claims);
  }
  await rm(folder, { recursive: true });
});
