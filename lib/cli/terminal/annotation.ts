import { relative, resolve, sep } from "node:path";
import { printable, printableLine, withoutCommands } from "./escape.js";

/** A line of a file. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

/** A note that GitHub shows beside a line of a file. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly title: string;
  /** One or more lines. */
  readonly message: string;
  /** Undefined if it is about no file. */
  readonly at: SourceLine | undefined;
}

/**
 * Writes an annotation as a workflow command of GitHub, which is one line of output. Source: "Workflow commands for
 * GitHub Actions".
 *
 * ```ts
 * workflowCommand({ level: "error", title: "order_seq", message: "differs", at: { file: "src/s.ts", line: 4 } });
 * // ::error file=src/s.ts,line=4,title=order_seq::differs
 * ```
 */
export function workflowCommand({ level, title, message, at }: Annotation): string {
  const place = at === undefined ? [] : [`file=${property(inRepository(at.file))}`, `line=${at.line}`];
  return `::${level} ${[...place, `title=${property(title)}`].join(",")}::${data(message)}`;
}

/** Escapes a text as GitHub's runner reads it. The percent sign comes first. */
function data(text: string): string {
  const escaped = withoutCommands(printable(text)).replaceAll("%", "%25");
  return escaped.replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(printableLine(text)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** GitHub finds a file by its path in the repository, which may be above the working folder. */
function inRepository(file: string): string {
  const path = relative(process.env["GITHUB_WORKSPACE"] || process.cwd(), resolve(file));
  return path.startsWith(`..${sep}`) ? resolve(file) : path.replaceAll(sep, "/");
}
