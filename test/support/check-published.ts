/**
 * A program that says what a compiler has against the files that it is given, and against the library's own
 * declarations: these are checked as if they were code, as `skipLibCheck: false` does, but not those of other packages,
 * which would take most of the time and have errors of their own. Started by package.test.ts with the name of the
 * compiler's package and the files.
 */
import { fileURLToPath } from "node:url";
import type TypeScript from "typescript-5";

const [compiler = "", ...files] = process.argv.slice(2);
const { default: ts } = (await import(compiler)) as { default: typeof TypeScript };
const modules = fileURLToPath(new URL("../../node_modules/", import.meta.url));

const program = ts.createProgram(files, {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  types: ["node"],
  typeRoots: [`${modules}@types`],
});
const own = program
  .getSourceFiles()
  .filter(({ fileName }) => files.includes(fileName) || !fileName.startsWith(modules));
const complaints = [
  ...program.getOptionsDiagnostics(),
  ...program.getGlobalDiagnostics(),
  ...own.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
];
const host = {
  getCanonicalFileName: (name: string) => name,
  getCurrentDirectory: () => modules,
  getNewLine: () => "\n",
};
const checked = own.map(({ fileName }) => fileName);
process.stdout.write(JSON.stringify({ checked, complaints: ts.formatDiagnostics(complaints, host) }));
