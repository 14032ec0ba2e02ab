import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The packages of the compilers that the types must work with, by what they are called. 5.9 and 6 take five times as
 * long as 7, so they take part in `npm run test:long` only; `npm run check` tests the types with tsd, which has a 5.9.
 */
export const COMPILERS: Readonly<Record<string, string>> = {
  ...(process.env["NEXTVAL_COMPILERS"] === "all"
    ? { "TypeScript 5.9": "typescript-5", "TypeScript 6": "typescript-6" }
    : {}),
  "TypeScript 7": "typescript",
};

export interface Diagnostic {
  /** Counted from 1, like in editors. */
  readonly line: number;
  readonly column: number;
  /** All of its lines. */
  readonly text: string;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Line for line what a real compiler says to a module; `pgSequence` and `pgSchema` are imported before its first line.
 */
export async function diagnose(
  compiler: string,
  lines: readonly string[],
  options: Readonly<Record<string, boolean>> = {},
  lib: readonly string[] = ["es2022"],
): Promise<Diagnostic[]> {
  const folder = await mkdtemp(join(tmpdir(), "nextval-compiler-"));
  try {
    const head = `import { pgSchema, pgSequence } from ${JSON.stringify(join(ROOT, "lib/sequence/sequence.js"))};`;
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2022",
      lib,
      module: "nodenext",
      types: [],
      skipLibCheck: true,
      ...options,
    };
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["declarations.ts"] }));
    await writeFile(join(folder, "declarations.ts"), [head, ...lines, ""].join("\n"));
    const bin = join(ROOT, "node_modules", compiler, "bin/tsc");
    return parse(await output(process.execPath, [bin, "-p", folder, "--pretty", "false"], folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function output(file: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, maxBuffer: 2 ** 26 }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

function parse(text: string): Diagnostic[] {
  const found: { line: number; column: number; text: string }[] = [];
  for (const row of text.split("\n")) {
    const [, file, line, column, message] = /^(\S+)\((\d+),(\d+)\): error TS\d+: (.*)$/.exec(row) ?? [];
    const last = found.at(-1);
    if (file?.endsWith("declarations.ts"))
      found.push({ line: Number(line) - 1, column: Number(column), text: message ?? "" });
    else if (row.startsWith(" ") && last !== undefined) last.text += `\n${row}`;
    else if (row.trim() !== "") throw new Error(`The compiler failed: ${text.slice(0, 2000)}`);
  }
  return found;
}
