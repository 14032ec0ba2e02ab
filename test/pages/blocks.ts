import { readdir, readFile } from "node:fs/promises";

const root = new URL("../../", import.meta.url);

/** A page of the documentation, by its path from the root of the repository. */
export interface Page {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** A block of code of a page. */
export interface Block {
  readonly language: string;
  /** The file that it is the text of, such as `src/sequences.ts`; undefined if it is part of the page's program. */
  readonly file: string | undefined;
  readonly flags: ReadonlySet<string>;
  readonly code: string;
  /** Where its code is in the text of the page. */
  readonly start: number;
}

/**
 * What can be after the language of a block:
 *
 * - `no-run`: it is compiled, but not run.
 * - `no-compile`: it is only shown.
 * - `on-target`: SQL that runs in the second database, the one at `$NEW_URL`.
 * - `twoslash`: the site shows types in it.
 */
const FLAGS = new Set(["no-run", "no-compile", "on-target", "twoslash"]);

/** The README and every page of `docs/`, but those that are generated. */
export async function readPages(): Promise<Page[]> {
  const found = await readdir(new URL("docs/", root), { recursive: true });
  const written = found.filter((path) => path.endsWith(".md") && !/(?:^|\/)(?:node_modules|\.\w+|api)\//.test(path));
  const paths = ["README.md", ...written.sort().map((path) => `docs/${path.replaceAll("\\", "/")}`)];
  return Promise.all(
    paths.map(async (path) => {
      const text = await readFile(new URL(path, root), "utf8");
      return { path, text, blocks: blocksOf(path, text) };
    }),
  );
}

export function blocksOf(path: string, text: string): Block[] {
  const fences = text.match(/^[ \t>]*```\w+/gm)?.length ?? 0;
  const blocks = [...text.matchAll(/^```(\w+)(.*)\n([^]*?)^```$/gm)].map(
    ({ 0: fence, 1: language = "", 2: info = "", 3: code = "", index }) => {
      const words = info.split(" ").filter((word) => word !== "");
      const file = words.find((word) => word.includes("."));
      const flags = new Set(words.filter((word) => word !== file));
      for (const flag of flags)
        if (!FLAGS.has(flag)) throw new Error(`${path} has a block with the unknown flag ${flag}.`);
      return { language, file, flags, code, start: index + fence.indexOf("\n") + 1 };
    },
  );
  // The tests would not see a block that is indented.
  if (blocks.length !== fences) throw new Error(`${path} has a block that is indented, or does not end.`);
  return blocks;
}
