import { fileURLToPath } from "node:url";
import { transformerTwoslash } from "@shikijs/vitepress-twoslash";
import { createFileSystemTypesCache } from "@shikijs/vitepress-twoslash/cache-fs";
import ts from "typescript";
import type { MarkdownRenderer } from "vitepress";
import { library } from "../library";

/**
 * Shows the type of a name that is pointed at, in blocks of code that begin with `ts twoslash`. The pages are compiled by
 * the tests, so errors are not shown here.
 */
export const hoverTypes = transformerTwoslash({
  explicitTrigger: true,
  throws: true,
  typesCache: createFileSystemTypesCache({
    dir: fileURLToPath(new URL("../cache/twoslash", import.meta.url)),
  }),
  twoslashOptions: {
    vfsRoot: fileURLToPath(new URL("../../..", import.meta.url)),
    handbookOptions: { noErrors: true },
    compilerOptions: {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      lib: ["es2022"],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ["node"],
      paths: Object.fromEntries(library.map(({ name, types }) => [name, [types]])),
    },
  },
});

/**
 * Lets a block go on with the earlier blocks of its page, as the page's tests read them: those of the page's program
 * before it, or the files that it may import. They are compiled and not shown.
 */
export function continueBlocks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("continued-blocks", ({ tokens }) => {
    let program = "";
    const files = new Map<string, string>();
    for (const token of tokens) {
      const [language, ...words] = token.type === "fence" ? token.info.split(" ") : [];
      if (language !== "ts" || words.includes("no-compile")) continue;
      const { content } = token;
      const file = words.find((word) => word.includes("."));
      if (words.includes("twoslash")) {
        const before = file === undefined ? withoutImportsOf(content, program) : filesBefore(file, files);
        if (before !== "") token.content = `${before}// ---cut---\n${content}`;
      }
      if (file === undefined) program += content;
      else files.set(file, content);
    }
  });
}

function filesBefore(file: string, files: ReadonlyMap<string, string>): string {
  const others = [...files].filter(([path]) => path !== file);
  return [...others.map(([path, code]) => `// @filename: ${path}\n${code}`), `// @filename: ${file}\n`].join("");
}

/** Removes from earlier blocks the imports that a block has itself. */
function withoutImportsOf(block: string, before: string): string {
  const own = new Set([...block.matchAll(/^import [^;]*;$/gm)].flatMap(([statement]) => statement.match(/\w+/g) ?? []));
  const isFree = (name: string) => !own.has(name.replace(/^\s*type\b/, "").trim());
  return before.replace(/^import [^;]*;$/gm, (statement) =>
    statement
      .replace(/\{([^}]*)\}/, (_, names: string) => `{ ${names.split(",").filter(isFree).join(", ")} }`)
      .replace(/^import (\w+)(?= from)/, (whole, name: string) => (isFree(name) ? whole : "import {}")),
  );
}
