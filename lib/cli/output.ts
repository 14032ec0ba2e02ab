import picocolors from "picocolors";
import type { Change, Hazard, HazardCode, Plan } from "../catalog/index.js";
import { printable } from "./printable.js";
import { redact } from "./redact.js";

export const color = picocolors.createColors(process.stdout.isTTY === true && picocolors.isColorSupported);

/** A reader that goes away early, such as `head`, is no error. */
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

/** One line, or more, for the user. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What went wrong. A password never gets out this way. */
export function complain(sentence: string): void {
  process.stderr.write(`${printable(redact(sentence))}\n`);
}

/** The one JSON document of `--json`; a bigint becomes text. */
export function sayJson(document: unknown): void {
  say(JSON.stringify(document, (_key, value: unknown) => (typeof value === "bigint" ? `${value}` : value), 2));
}

/** One JSON document on one line, of several. */
export function sayJsonLine(document: unknown): void {
  say(JSON.stringify(document));
}

/** Resolves when everything that was said has gone out; on Windows that takes a moment. */
export async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
}

/** A plan to read: each change with its SQL and its hazards, then the questions. */
export function describe({ changes, questions }: Plan, allow: readonly HazardCode[]): string {
  if (changes.length === 0 && questions.length === 0) return "Nothing differs.";
  const blocks = changes.map((change) => describeChange(change, allow));
  const open = questions.map((question) => `${color.cyan("?")} ${printable(question)}`);
  const heading = changes.length === 0 ? "Nothing differs." : `${count(changes.length, "change")}:`;
  return [heading, ...blocks, ...open].join("\n\n");
}

function describeChange({ kind, subject, sql, hazards }: Change, allow: readonly HazardCode[]): string {
  const paint = kind === "drop" ? color.red : kind.startsWith("create") ? color.green : color.yellow;
  const lines = [
    `${paint(kind)} ${color.bold(printable(subject))}`,
    `  ${printable(sql)};`,
    ...hazards.map((each) => describeHazard(each, allow)),
  ];
  return lines.join("\n");
}

function describeHazard({ code, message, blocked }: Hazard, allow: readonly HazardCode[]): string {
  if (blocked) return `  ${color.red(`! ${code} (blocked)`)} ${message}`;
  return allow.includes(code)
    ? `  ${color.dim(`! ${code} (allowed)`)} ${message}`
    : `  ${color.yellow(`! ${code}`)} ${message}`;
}

/** `1 change`, `2 changes` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
