import type { Change, Hazard, HazardCode, Pending, Plan, Question } from "../../catalog/index.js";
import { color } from "./color.js";
import { printableJson } from "./escape.js";
import { inFlags } from "./flag-names.js";
import { maskUrls } from "./redact.js";
import { lines, ShownText, text } from "./shown-text.js";

export { color };

/** A reader that closes early, such as `head`, is not an error. */
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

/*
 * Everything that the command prints goes through this file. Nothing else writes to stdout or stderr, so each text is
 * escaped by the rules of its format.
 */

/** Prints one or more lines for the user. */
export function say(shown: ShownText): void {
  process.stdout.write(`${shown.toString()}\n`);
}

/** Prints source for a file, which may be read on a terminal first. */
export function saySource(source: string): void {
  say(ShownText.document(source));
}

/**
 * Prints metrics for Prometheus. Its labels only have three escapes, so the text is unchanged for a program, but
 * escaped for a terminal.
 */
export function sayMetrics(metrics: string): void {
  if (process.stdout.isTTY === true) say(ShownText.document(metrics));
  else process.stdout.write(`${metrics}\n`);
}

/** Prints an error. Passwords in URLs are masked. */
export function complain(sentence: string | ShownText): void {
  const shown = typeof sentence === "string" ? ShownText.message(maskUrls(sentence)) : sentence;
  process.stderr.write(`${shown.toString()}\n`);
}

/** Prints the one JSON document of `--json`. A bigint becomes text. */
export function sayJson(document: unknown): void {
  const replacer = (key: string, value: unknown) => (typeof value === "bigint" ? `${value}` : inMessages(key, value));
  process.stdout.write(`${printableJson(JSON.stringify(document, replacer, 2))}\n`);
}

/** Prints one of several JSON documents, on one line. */
export function sayJsonLine(document: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(document, inMessages))}\n`);
}

/** Replaces option names by flags in the library's advice within a document. */
function inMessages(key: string, value: unknown): unknown {
  return typeof value === "string" && ["message", "notCompared", "reason"].includes(key) ? inFlags(value) : value;
}

/** Resolves when everything was written; on Windows that takes a moment. */
export async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
}

/** A plan as JSON: each hazard of a change also says whether it is allowed. */
export function planAsJson({ changes, pending, questions }: Plan, allow: readonly HazardCode[]) {
  const allowed = ({ code, blocked }: Hazard) => !blocked && allow.includes(code);
  return {
    changes: changes.map((change) => ({
      ...change,
      hazards: change.hazards.map((hazard) => ({ ...hazard, allowed: allowed(hazard) })),
    })),
    pending,
    questions,
  };
}

/** Formats a plan for people: each change with its SQL and its hazards, then the pending owners, then the questions. */
export function describe(
  { changes, pending, questions }: Pick<Plan, "changes" | "pending" | "questions">,
  allow: readonly HazardCode[],
): ShownText {
  const nothing = pending.length === 0 ? text`Nothing differs.` : text`Nothing can be changed now.`;
  const heading = changes.length === 0 ? nothing : text`${count(changes.length, "change")}:`;
  const blocks = changes.map((change) => describeChange(change, allow));
  return lines([heading, ...blocks, ...describePending(pending), ...questions.map(describeQuestion)], "\n\n");
}

function describeChange({ kind, subject, sql, hazards }: Change, allow: readonly HazardCode[]): ShownText {
  const paint = kind === "drop" ? color.red : kind.startsWith("create") ? color.green : color.yellow;
  return lines([
    text`${paint(kind)} ${color.bold(subject)}`,
    text`  ${sql};`,
    ...hazards.map((each) => describeHazard(each, allow)),
  ]);
}

function describeHazard({ code, message, blocked }: Hazard, allow: readonly HazardCode[]): ShownText {
  if (blocked) return text`  ${color.red(`! ${code} (blocked)`)} ${message}`;
  return allow.includes(code)
    ? text`  ${color.dim(`! ${code} (allowed)`)} ${message}`
    : text`  ${color.yellow(`! ${code}`)} ${message}`;
}

/** Describes the pending owners with the SQL to run later, and once the hint for all of them. */
function describePending(pending: readonly Pending[]): ShownText[] {
  const [first] = pending;
  if (first === undefined) return [];
  return [
    text`${count(pending.length, "owner")} pending, until the table and column exist; then push again, or run:`,
    ...pending.map(({ sql, message, warning }) =>
      lines([
        text`${color.yellow("pending")} ${message}`,
        text`  ${sql};`,
        ...(warning === null ? [] : [text`  ${color.yellow("! Warning:")} ${warning}`]),
      ]),
    ),
    text`${first.hint}`,
  ];
}

function describeQuestion({ message, otherwise, ...question }: Question): ShownText {
  return text`${color.cyan("?")} ${message} ${otherwise} Answer with ${answersTo({ message, otherwise, ...question }).join(" or ")}.`;
}

/** Returns the flags that answer a question. "yes" comes first. */
export function answersTo({ subject, oldName, yes }: Question): string[] {
  const isNew = `--new ${argument(subject)}`;
  if (yes === "new") return [isNew];
  // The flag would be split at the wrong place.
  if (`${oldName}${subject}`.includes("=")) return ["renames in the configuration", isNew];
  return [`--rename ${argument(`${oldName}=${subject}`)}`, isNew];
}

/** Quotes a word for a shell. */
function argument(word: string): string {
  return /^[\w.=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Formats a number with a noun: `1 change`, `2 changes`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
