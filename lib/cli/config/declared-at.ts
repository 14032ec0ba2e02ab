import { readFileSync } from "node:fs";
import type { SourceLine } from "../terminal/annotation.js";

/** A file that exports a declaration. */
export interface Exporter {
  readonly file: string;
  /** The export in words, such as `all[2]`; undefined for a sequence in the configuration. */
  readonly name: string | undefined;
}

/**
 * Finds the line of a declaration by its text: a call with the name of the sequence. A file may export what another one
 * declares, so all files that were loaded are searched. If no call has the name, because the program computes it, the
 * line is that of the export.
 */
export function declaredAt({ file, name }: Exporter, declared: string, loaded: readonly string[]): SourceLine {
  const word = wordOf(name);
  const sources = [file, ...loaded.filter((other) => other !== file)].map((each) => {
    const text = codeOf(each);
    const lineAt = (position: number) => ({ file: each, line: text.slice(0, position).split("\n").length });
    return { exported: positionOf(word, text), calls: callsWith(declared, text), lineAt };
  });
  const calling = sources.find(({ calls }) => calls.length > 0);
  if (calling !== undefined) {
    const { calls, exported, lineAt } = calling;
    // Sequences of two schemas may have one name.
    return lineAt(calls.find((position) => position > exported) ?? calls[0] ?? 0);
  }
  const exporting = sources.find(({ exported }) => exported !== -1);
  return exporting?.lineAt(exporting.exported) ?? { file, line: 1 };
}

/** Returns the last name in the words for an export: `order` of `seqs.order[2]`, `default` of `the default export`. */
function wordOf(name: string | undefined): string {
  if (name === undefined) return "";
  if (name.endsWith("default export")) return "default";
  const words = name.replaceAll(/\[\d+\]/g, "").split(/[^\p{L}\p{N}_$]/u);
  return words.at(-1) ?? "";
}

/** Returns where a call has a text as its first argument. */
function callsWith(argument: string, text: string): number[] {
  const forms = new Set([`'${argument}'`, `\`${argument}\``, `"${argument}"`, JSON.stringify(argument)]);
  const positions: number[] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
      let before = at - 1;
      while (before >= 0 && /\s/.test(text.charAt(before))) before--;
      if (text.charAt(before) === "(") positions.push(at);
    }
  }
  return positions.sort((one, other) => one - other);
}

/** Returns where a word stands by itself, or -1. */
function positionOf(word: string, text: string): number {
  if (word === "") return -1;
  const isPart = (character: string) => /[\p{L}\p{N}_$]/u.test(character);
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (!isPart(text.charAt(at - 1)) && !isPart(text.charAt(at + word.length))) return at;
  }
  return -1;
}

const known = new Map<string, string>();

/** A comment, or a text, in which a comment cannot begin. One without an end goes as far as it can. */
const COMMENT_OR_TEXT = /\/\*[^]*?(?:\*\/|$)|\/\/.*|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\[^])*`?/g;

/** Returns the text of a file with blanks instead of its comments. Empty if the file cannot be read. */
function codeOf(file: string): string {
  let code = known.get(file);
  if (code === undefined) {
    code = readText(file).replace(COMMENT_OR_TEXT, (found) =>
      found.startsWith("/") ? found.replace(/[^\n]/g, " ") : found,
    );
    known.set(file, code);
  }
  return code;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
