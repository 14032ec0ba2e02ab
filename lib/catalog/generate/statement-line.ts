import { NextvalError } from "../../index.js";
import { UNSAFE } from "../../server/comment-line.js";

/** What one tool misreads beyond what is unsafe for every tool. */
export interface Misread {
  /** Matches the character that is escaped in strings and changed in comments. It has the flag `g`. */
  readonly text: RegExp;
  /** Matches what a name must not contain, and what it is called in messages. */
  readonly name: readonly [pattern: RegExp, problem: string];
}

/** Matches nothing. */
const NOTHING: Misread = { text: /(?!)/g, name: [/(?!)/, ""] };

/**
 * Writes a statement of a plan as one line that no tool can misread. The text in its strings cannot end a line or a
 * statement, and cannot be a marker or a placeholder. The statement means the same to the server.
 *
 * Outside of quotes, a statement of a plan has only words and numbers; anything else is refused. A name is also refused
 * if it contains a line break, a placeholder or a byte order mark, or what the tool misreads. Names have no escapes
 * that every tool understands.
 */
export function statementLine(subject: string, statement: string, misread: Misread = NOTHING): string {
  const tokens = statement.match(TOKENS) ?? [];
  if (tokens.join("") !== statement || /;|--/.test(tokens.filter((token) => !/['"]/.test(token)).join(""))) {
    throwStatementError(subject, `the statement ${JSON.stringify(statement)} is not one that a plan makes`);
  }
  return `${tokens.map((token) => safe(subject, token, misread)).join("")};`;
}

/** Matches a name, an escape string, a string, or a run of words and numbers. */
const TOKENS =
  /"[^"]*(?:""[^"]*)*"|(?<!\w)E'[^'\\]*(?:(?:''|\\[^])[^'\\]*)*'|(?<!\w)'[^']*(?:''[^']*)*'|(?:(?!E')[\w ,.()=-])+/gy;

/** What a name must not contain, and what it is called in messages. */
const MISREAD: readonly (readonly [pattern: RegExp, problem: string])[] = [
  [/[\n-\r\x85\u2028\u2029]/, "a line break"],
  [/\$\{/, "${"],
  [/\ufeff/, "a byte order mark"],
];

/** Matches a character, or an escape as a whole, so its second backslash does not begin another one. */
const CHARACTER = /\\[^]|[^]/g;

function safe(subject: string, token: string, misread: Misread): string {
  if (token.startsWith('"')) {
    const problem = [...MISREAD, misread.name].find(([pattern]) => pattern.test(token))?.[1];
    if (problem === undefined) return token;
    throwStatementError(
      subject,
      `the name ${JSON.stringify(token)} holds ${problem}, which tools for migrations misread`,
    );
  }
  if (!/^E?'/.test(token) || (token.search(UNSAFE) < 0 && token.search(misread.text) < 0)) return token;
  const body = token.startsWith("E") ? token.slice(2, -1) : token.slice(1, -1).replaceAll("\\", "\\\\");
  const unsafe = new Set([...body.matchAll(UNSAFE), ...body.matchAll(misread.text)].map(({ index }) => index));
  return `E'${body.replaceAll(CHARACTER, (found, at: number) => escaped(found, unsafe.has(at + found.length - 1)))}'`;
}

function escaped(found: string, isUnsafe: boolean): string {
  if (found === "\\'") return "''";
  if (!isUnsafe) return found;
  const character = found.slice(-1);
  if (character === "$") return "\\x24";
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function throwStatementError(subject: string, problem: string): never {
  throw new NextvalError("INVALID_ARGUMENT", `${subject}: ${problem}`, {
    sequence: subject,
    hint: "Apply the plan instead.",
  });
}
