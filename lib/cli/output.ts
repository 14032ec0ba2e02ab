import picocolors from "picocolors";
import type { Change, Hazard, HazardCode, Plan } from "../catalog/index.js";
import { inFlags } from "./in-flags.js";
import { printableJson } from "./printable.js";
import { maskUrls } from "./redact.js";
import { lines, type Shown, ShownText, text } from "./shown-text.js";

const colors = picocolors.createColors(process.stdout.isTTY === true && picocolors.isColorSupported);

const painter = (name: "bold" | "cyan" | "dim" | "green" | "red" | "yellow") => (shown: Shown) =>
  ShownText.between(colors[name], shown);

export const color = {
  bold: painter("bold"),
  cyan: painter("cyan"),
  dim: painter("dim"),
  green: painter("green"),
  red: painter("red"),
  yellow: painter("yellow"),
};

/** A reader that goes away early, such as `head`, is no error. */
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

/*
 * Everything that the command prints goes through this file, and nothing else writes to stdout or stderr: so each text is
 * escaped, by the rules of the form that it has.
 */

/** One line, or more, for the user. */
export function say(shown: ShownText): void {
  process.stdout.write(`${shown.toString()}\n`);
}

/** Source for a file, which may be read on a terminal first. */
export function saySource(source: string): void {
  say(ShownText.document(source));
}

/** Metrics for Prometheus, whose labels know three escapes only: as they are to a program, but not to a terminal. */
export function sayMetrics(metrics: string): void {
  if (process.stdout.isTTY === true) say(ShownText.document(metrics));
  else process.stdout.write(`${metrics}\n`);
}

/** What went wrong. A password in a url never gets out this way. */
export function complain(sentence: string | ShownText): void {
  const shown = typeof sentence === "string" ? ShownText.message(maskUrls(sentence)) : sentence;
  process.stderr.write(`${shown.toString()}\n`);
}

/** The one JSON document of `--json`; a bigint becomes text. */
export function sayJson(document: unknown): void {
  const replacer = (key: string, value: unknown) => (typeof value === "bigint" ? `${value}` : inMessages(key, value));
  process.stdout.write(`${printableJson(JSON.stringify(document, replacer, 2))}\n`);
}

/** One JSON document on one line, of several. */
export function sayJsonLine(document: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(document, inMessages))}\n`);
}

/** What the library advises names flags in a document, too. */
function inMessages(key: string, value: unknown): unknown {
  return typeof value === "string" && ["message", "notCompared", "reason"].includes(key) ? inFlags(value) : value;
}

/** Resolves when everything that was said has gone out; on Windows that takes a moment. */
export async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
}

/** A plan to read: each change with its SQL and its hazards, then the questions. */
export function describe({ changes, questions }: Plan, allow: readonly HazardCode[]): ShownText {
  if (changes.length === 0 && questions.length === 0) return text`Nothing differs.`;
  const blocks = changes.map((change) => describeChange(change, allow));
  const open = questions.map((question) => text`${color.cyan("?")} ${question}`);
  const heading = changes.length === 0 ? text`Nothing differs.` : text`${count(changes.length, "change")}:`;
  return lines([heading, ...blocks, ...open], "\n\n");
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

/** `1 change`, `2 changes` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
