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

/**
 * The README's programs as one module: the imports of all blocks, then their bodies in order, as a reader would type them.
 * What stands behind `// =>` is compared with what the statement before it gives.
 */
function programOf(readme: string): { program: string; claims: number } {
  const blocks = [...readme.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match) => match[1] as string);
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

test("the README's code compiles, runs, and gives what it says", async () => {
  const { program, claims } = programOf(await readFile(new URL("../README.md", import.meta.url), "utf8"));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("readme.mts", folder), program);
  const tsconfig = {
    extends: `${root}tsconfig.json`,
    compilerOptions: { noEmit: true },
    include: ["readme.mts"],
    exclude: [],
  };
  await writeFile(new URL("tsconfig.json", folder), JSON.stringify(tsconfig));

  const directory = fileURLToPath(folder);
  await run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", directory]).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
  const [compiled] = await compile(new URL("readme.mts", folder));
  const { stdout } = await run(process.execPath, [compiled], { env: { ...process.env, DATABASE_URL: database.url } });
  await rm(folder, { recursive: true });
  expect(claims).toBeGreaterThan(25);
  expect(stdout.match(/^claim$/gm)).toHaveLength(claims);
});
