import { fileURLToPath } from "node:url";
import ts from "typescript-5";
import { expect, test } from "vitest";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const FILE = `${FOLDER}edited.ts`;

const SOURCE = `import { pgSchema, pgSequence } from "../../lib/index.js";
pgSequence("order_seq", {  });
pgSchema("billing").sequence("order_seq", { cache: 5,  });`;

const SETTINGS: ts.CompilerOptions = {
  strict: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  types: [],
};

/** An editor asks for completions while the options are unfinished, so they cannot come from what was inferred. */
test("an editor completes the names of options", () => {
  const editor = ts.createLanguageService({
    getCompilationSettings: () => SETTINGS,
    getScriptFileNames: () => [FILE],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const text = path === FILE ? SOURCE : ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => FOLDER,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (path) => ts.sys.fileExists(path),
    readFile: (path) => ts.sys.readFile(path),
  });
  const completed = (before: string) =>
    editor.getCompletionsAtPosition(FILE, SOURCE.indexOf(before) + before.length, {})?.entries.map(({ name }) => name);
  const options =
    "as blocks cache comment cycle feeds identity increment maxValue minValue mode ownedBy startWith unlogged".split(
      " ",
    );
  expect(completed('"order_seq", { ')).toEqual(options);
  expect(completed("cache: 5, ")).toEqual(options.filter((name) => name !== "cache"));
});
