import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT } from "./checkout.js";

/** The compilers by name, and their packages. */
export const COMPILERS = { "TypeScript 5.9": "typescript-5", "TypeScript 7": "typescript" } as const;

const COMPILER_OPTIONS = {
  strict: true,
  noEmit: true,
  target: "es2022",
  module: "nodenext",
  types: [],
  skipLibCheck: true,
};

/** Declares sequences with their literals, and checks nothing. */
const INFERRED = `
export type Declared<Name, Options> = { readonly seqName: Name; readonly options: Options };
export function pgSequence<const Name extends string, const Options extends object = {}>(
  name: Name,
  options?: Options,
): Declared<Name, Options>;
export function pgSchema(name: string): { sequence: typeof pgSequence };
`;

/** A folder with the packages as a user of them has them: built, side by side in `node_modules`. */
export function userFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nextval-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  for (const name of ["drizzle-orm", "kysely", "postgres"]) {
    symlinkSync(join(CHECKOUT, "node_modules", name), join(modules, name));
  }
  for (const part of ["package.json", "dist"]) {
    cpSync(join(CHECKOUT, part), join(modules, "nextval", part), { recursive: true });
  }
  mkdirSync(join(modules, "inferred"));
  writeFileSync(join(modules, "inferred", "package.json"), '{ "name": "inferred", "types": "index.d.ts" }');
  writeFileSync(join(modules, "inferred", "index.d.ts"), INFERRED);
  return folder;
}

/** A project with one file of TypeScript. Returns the path of the file. */
export function userProject(folder: string, name: string, source: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, "package.json"), '{ "type": "module" }');
  writeFileSync(join(path, "tsconfig.json"), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ["file.ts"] }));
  writeFileSync(join(path, "file.ts"), source);
  return join(path, "file.ts");
}

/** What one run of a compiler cost. */
export interface Cost {
  /** The seconds of all processors, which other programs on the machine change less than the time of the clock. */
  readonly processor: number;
  /** In MB, as the compiler says. */
  readonly memory: number;
}

/** Runs a compiler over a project. `times` of a POSIX shell knows what its children used of the processors. */
export function compile(compiler: string, project: string): Cost {
  const command = [process.execPath, join(CHECKOUT, "node_modules", compiler, "bin/tsc"), "-p", project];
  const script = '"$@"; status=$?; times; exit $status';
  const { stdout, status } = spawnSync("sh", ["-c", script, "sh", ...command, "--extendedDiagnostics"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${compiler}, ${project}:\n${stdout.slice(0, 2000)}`);
  const children = stdout.trimEnd().split("\n").at(-1) ?? "";
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, min, s]) => Number(min) * 60 + Number(s));
  return {
    processor: seconds.reduce((sum, each) => sum + each, 0),
    memory: Number(/^Memory used:\s+(\d+)/m.exec(stdout)?.[1]) / 1024,
  };
}
