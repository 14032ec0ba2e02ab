import type { Block, Page } from "./blocks.js";

/** What a page does when it is played, as a module. */
export interface PageProgram {
  readonly program: string;
  /** How many results it compares. */
  readonly claims: number;
}

/**
 * Joins the blocks of a page into one module, as a reader would type them from top to bottom: the imports of all
 * blocks, then their code in order. Later blocks go on with the connections of earlier ones, so what ends a connection
 * comes last. A block of SQL runs in the page's database, a block of a file writes it, and a console runs its commands.
 *
 * A comment after a statement of TypeScript is compared with what happens:
 *
 * - `value; // => text`: the text of a fragment, or the value as `String` writes it, with the `n` of a bigint
 * - `console.log(...); // => text`: what it prints
 * - `statement; // throws text`: the message of the error
 *
 * In SQL `-- => text` is the first row, and `-- ERROR: text` the message.
 */
export function programOf({ blocks }: Page): PageProgram {
  const imports = new Imports();
  const ends = new Set<string>();
  const claims = { count: 0 };
  const bodies = blocks.map((block) => {
    if (block.flags.has("no-compile") && block.file === undefined) return "";
    switch (block.language) {
      case "ts":
        return block.file === undefined ? bodyOf(block, imports, ends, claims) : writing(block);
      case "json":
      case "js":
        return block.file === undefined ? "" : writing(block);
      case "sql":
        return block.flags.has("no-run") ? "" : sqlOf(block, claims);
      case "console":
        return block.flags.has("no-run") ? "" : `await stage.shell(${JSON.stringify(commandsOf(block))});`;
      default:
        return "";
    }
  });
  const program = ['import * as stage from "../stage.mjs";', imports.text(), ...bodies, ...ends].join("\n");
  return { program, claims: claims.count };
}

/** Whether playing the page does anything. */
export function isPlayed({ blocks }: Page): boolean {
  return blocks.some(
    ({ language, flags }) =>
      ["ts", "js", "sql", "console"].includes(language) &&
      !flags.has("no-compile") &&
      (language === "ts" || !flags.has("no-run")),
  );
}

export function commandsOf({ code }: Block): string[] {
  return [...code.matchAll(/^\$ (.*)$/gm)].map(([, command = ""]) => command);
}

/** The consoles of a page that are compared with what their commands print. */
export function consolesOf({ blocks }: Page): Block[] {
  return blocks.filter(({ language, flags }) => language === "console" && !flags.has("no-run"));
}

function writing({ file, code }: Block): string {
  return `await stage.write(${JSON.stringify(file)}, ${JSON.stringify(code)});`;
}

function bodyOf({ code, flags }: Block, imports: Imports, ends: Set<string>, claims: { count: number }): string {
  const isRun = !flags.has("no-run");
  const body = code
    .replace(/^import [^;]*;\n/gm, (statement) => {
      imports.add(statement);
      return "";
    })
    .replace(/^await \w+\.(?:end|destroy)\(\);(?: \/\/ last, .*)?$|^await pglite\.close\(\);$/gm, (statement) => {
      if (isRun) ends.add(statement);
      return "";
    })
    .replace(
      /^( *)(if \(.*?\) )?(.*); \/\/ (=>|throws) (.*)$/gm,
      (_line, indent: string, condition = "", statement: string, kind: string, said: string) => {
        if (isRun) claims.count++;
        const text = JSON.stringify(said);
        const [, printed] = /^console\.log\((.*)\)$/.exec(statement) ?? [];
        if (kind === "throws") return `${indent}${condition}await stage.fails(async () => { ${statement}; }, ${text});`;
        if (printed !== undefined) return `${indent}${condition}stage.prints([${printed}], ${text});`;
        return `${indent}${condition}stage.claim(${statement}, ${text});`;
      },
    );
  return isRun ? body : `async () => {\n${body}};`;
}

/** Statements end at the end of a line; a block with a body in dollars is sent as a whole. */
function sqlOf({ code, flags }: Block, claims: { count: number }): string {
  const where = JSON.stringify(flags.has("on-target") ? "target" : "database");
  const statements = code.includes("$$") ? [code] : code.split(/(?<=;(?: *--.*)?)\n/);
  return statements
    .filter((statement) => statement.trim() !== "")
    .map((statement) => {
      const [, kind, said] = /; *-- (=>|ERROR:) (.*)\n*$/.exec(statement) ?? [];
      if (kind !== undefined) claims.count++;
      const claim = kind === undefined ? "" : `, ${JSON.stringify(kind)}, ${JSON.stringify(said)}`;
      return `await stage.sql(${where}, ${JSON.stringify(statement)}${claim});`;
    })
    .join("\n");
}

/** The imports of all blocks of a page, each once: a block repeats those that its reader needs. */
class Imports {
  readonly #names = new Map<string, Set<string>>();

  add(statement: string): void {
    const [, isType = "", clause = "", module = ""] = /^import (type )?([^]*?)\s+from ("[^"]+");/.exec(statement) ?? [];
    if (module === "") throw new Error(`This import is not understood: ${statement}`);
    const names = this.#names.get(module) ?? new Set();
    this.#names.set(module, names);
    const [, listed = ""] = /\{([^]*)\}/.exec(clause) ?? [];
    const [, main] = /^([^{,]+)/.exec(clause.trim()) ?? [];
    if (main !== undefined) names.add(`${isType}${main.trim()} `);
    for (const name of listed.split(",").map((each) => each.trim())) if (name !== "") names.add(`${isType}{ ${name} }`);
  }

  text(): string {
    return [...this.#names]
      .flatMap(([module, names]) => [...names].map((name) => `import ${name} from ${module};`))
      .join("\n");
  }
}
