import { fstatSync, writeFileSync } from "node:fs";
import { type Annotation, type SourceLine, workflowCommand } from "./annotation.js";
import { printableJson, withoutCommands } from "./escape.js";
import { inFlags } from "./flag-names.js";
import { maskUrls } from "./redact.js";
import { ShownText } from "./shown-text.js";

/** Why stdout did not take the output. */
let failure: Error | undefined;
let isRead = true;

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  isRead = false;
  // A reader that closes early, such as `head`, is not an error.
  if (error.code !== "EPIPE") failure ??= error;
});
process.stderr.on("error", () => {});

/*
 * Everything that the command prints goes through this file. Nothing else writes to stdout or stderr, so each text is
 * escaped by the rules of its format.
 */

/** Writes all of a text. Into a file, Node.js would write only what there is room for, without an error. */
function write(text: string): void {
  try {
    if (isFile()) writeFileSync(process.stdout.fd, text);
    else process.stdout.write(text);
  } catch (error) {
    failure ??= error as Error;
  }
}

function isFile(): boolean {
  try {
    return fstatSync(process.stdout.fd).isFile();
  } catch {
    return false;
  }
}

/** Whether something still reads stdout. It shows a while after the reader has gone. */
export function hasReader(): boolean {
  return isRead && failure === undefined;
}

/** Whether GitHub's runner reads the output, and takes some lines for commands. */
let isReadByGitHub = process.env["GITHUB_ACTIONS"] === "true";
let isAnnotating = false;

/** From now on, an error is an annotation of GitHub, and the output has no other commands for its runner. */
export function annotateErrors(): void {
  isReadByGitHub = true;
  isAnnotating = true;
}

function guarded(output: string): string {
  return isReadByGitHub ? withoutCommands(output) : output;
}

/** Prints one or more lines for the user. */
export function print(shown: ShownText): void {
  write(`${guarded(shown.toString())}\n`);
}

/** Prints an annotation of a file as a command for GitHub's runner. */
export function printAnnotation(annotation: Annotation): void {
  write(`${workflowCommand(annotation)}\n`);
}

/** Clears the terminal, and prints at its top. */
export function redraw(shown: ShownText): void {
  write(`\u001b[H\u001b[2J${shown.toString()}\n`);
}

/** Prints source for a file, which may be read on a terminal first. */
export function saySource(source: string): void {
  write(`${ShownText.document(source).toString()}\n`);
}

/**
 * Prints metrics for Prometheus. Its labels only have three escapes, so the text is unchanged for a program, but
 * escaped for a terminal.
 */
export function printMetrics(metrics: string): void {
  write(`${process.stdout.isTTY === true ? ShownText.document(metrics).toString() : metrics}\n`);
}

/** Prints an error. Passwords in URLs are masked. */
export function printError(sentence: string | ShownText): void {
  const shown = typeof sentence === "string" ? ShownText.message(maskUrls(sentence)) : sentence;
  process.stderr.write(`${guarded(shown.toString())}\n`);
}

/** Prints the error that ends the command. For GitHub it is an annotation, at its line if that is known. */
export function printFailure(message: string, at: SourceLine | undefined): void {
  if (!isAnnotating) return printError(message);
  const title = "nextval failed";
  process.stderr.write(`${workflowCommand({ level: "error", title, message: maskUrls(message), at })}\n`);
}

/** In a document, what is escaped can only be within strings, where the escapes mean the same. */
function jsonText(document: string): string {
  return printableJson(guarded(document));
}

/** Prints the one JSON document of `--json`. A bigint becomes text. */
export function printJson(document: unknown): void {
  const replacer = (key: string, value: unknown) => (typeof value === "bigint" ? `${value}` : inMessages(key, value));
  write(`${jsonText(JSON.stringify(document, replacer, 2))}\n`);
}

/** Prints one of several JSON documents, on one line. */
export function printJsonLine(document: unknown): void {
  write(`${jsonText(JSON.stringify(document, inMessages))}\n`);
}

/** Replaces option names by flags in the library's advice within a document. */
function inMessages(key: string, value: unknown): unknown {
  return typeof value === "string" && ["message", "hint", "reason"].includes(key) ? inFlags(value) : value;
}

/**
 * Resolves when everything was written; on Windows that takes a moment. Returns why stdout did not take all of it;
 * undefined if it did.
 */
export async function flushOutput(): Promise<Error | undefined> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
  return failure;
}
