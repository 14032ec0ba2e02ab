import { NextvalError } from "../../index.js";

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

/**
 * Writes text for a comment. Characters that would end the line, and text that would be a placeholder or an annotation
 * of goose, are changed. goose treats any comment with `+goose` as an annotation, wherever it is in the line. Source:
 * its `sqlparser`.
 */
export function commentLine(text: string, misread: Misread = NOTHING): string {
  return text
    .replaceAll(UNSAFE, (found) => (found === "$" ? "$ " : " "))
    .replaceAll("+goose", "+ goose")
    .replaceAll(misread.text, (found) => (found === ";" ? "," : `${found} `));
}

/** Matches a name, an escape string, a string, or a run of words and numbers. */
const TOKENS =
  /"[^"]*(?:""[^"]*)*"|(?<!\w)E'[^'\\]*(?:(?:''|\\[^])[^'\\]*)*'|(?<!\w)'[^']*(?:''[^']*)*'|(?:(?!E')[\w ,.()=-])+/gy;

/**
 * Characters that may end a line for some tool, characters that change the reading direction, and the byte order mark,
 * which Flyway removes everywhere. Source: its `BomStrippingReader`.
 */
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\0-\x08\n-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\$(?=\{)/g;

/** What a name must not contain, and what it is called in messages. */
const MISREAD: readonly (readonly [pattern: RegExp, problem: string])[] = [
  [/[\n-\r\x85\u2028\u2029]/, "a line break"],
  [/\$\{/, "${"],
  [/\ufeff/, "a byte order mark"],
];

/** An escape is matched as a whole, so its second backslash does not begin another one. */
// eslint-disable-next-line no-control-regex
const UNSAFE_OR_ESCAPE = /\\[^]|[\0-\x08\n-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\$(?=\{)/g;

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
  const pattern = new RegExp(`${UNSAFE_OR_ESCAPE.source}|${misread.text.source}`, "g");
  return `E'${body.replaceAll(pattern, escaped)}'`;
}

function escaped(found: string): string {
  const character = found.slice(-1);
  if (character === "'") return "''";
  if (character === "$") return "\\x24";
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  // An escape of the string itself, unless its character is unsafe. A single character is unsafe, or misread.
  if (found.length > 1 && character.search(UNSAFE) < 0) return found;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function throwStatementError(subject: string, problem: string): never {
  throw new NextvalError("INVALID_ARGUMENT", `${subject}: ${problem}`, {
    sequence: subject,
    hint: "Apply the plan instead.",
  });
}
