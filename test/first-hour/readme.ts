import { readFile } from "node:fs/promises";

/** What the README and "Getting started" tell a newcomer to type, word for word. */
export interface Quickstart {
  /** The first program, and what it prints the first and the second time. */
  readonly program: string;
  readonly prints: readonly [string, string];
  /** The commands that install what it needs, and the last one, that runs it. */
  readonly commands: readonly string[];
  /** `nextval.config.ts`. */
  readonly config: string;
}

export async function readQuickstart(): Promise<Quickstart> {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const program = blockOf(readme, "ts");
  const [, first, second] = /^console\.log\(.*\); \/\/ => (\S+), then (\S+) when it runs again$/m.exec(program) ?? [];
  if (first === undefined || second === undefined)
    throw new Error("The README's first program does not say what it prints.");
  const commands = blockOf(readme, "sh").trimEnd().split("\n");
  const page = await readFile(new URL("../../docs/getting-started.md", import.meta.url), "utf8");
  return { program, prints: [first, second], commands, config: blockOf(page, "ts nextval.config.ts") };
}

/** The first block of that language. The site may show its types. */
function blockOf(page: string, language: string): string {
  const [, block] = new RegExp(`^\`\`\`${language}(?: twoslash)?\\n([^]*?)^\`\`\`$`, "m").exec(page) ?? [];
  if (block === undefined) throw new Error(`The page has no block of ${language}.`);
  return block;
}
