import { CommandError } from "./command-error.js";
import { inFlags } from "./flag-names.js";
import { redact, redactThrown } from "./redact.js";

/** What went wrong, in one sentence without a stack trace. A server's error brings its code, detail and hint along. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return redactThrown(String(error));
  const { message, name } = error;
  // What the command and the library say themselves has no password in it.
  if (error instanceof CommandError) return message;
  if (name === "NextvalError") return inFlags(message);
  if (name !== "PostgresError") return message === "" ? name : redactThrown(message);
  const { code, detail, hint } = error as { code?: string; detail?: string; hint?: string };
  const lines = [`The server says: ${message} (${code})`, detail, hint, code === "55P03" ? LOCKED : undefined];
  return redact(lines.filter((line) => line !== undefined).join("\n"));
}

const LOCKED =
  "Somebody holds a table or a sequence that has to be read: find them with pg_blocking_pids, or wait longer with --lock-timeout";

/** The stable name of an error, where it has one. */
export function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : null;
}

/** The stacks of an error and its causes, for `--debug`. */
export function stacksOf(error: unknown): string {
  const stacks: string[] = [];
  for (let each = error; each instanceof Error && stacks.length < MAX_CAUSES; each = each.cause) {
    stacks.push(each.stack ?? each.message);
  }
  return redactThrown(stacks.join("\nCaused by: "));
}

/** An error may be its own cause. */
const MAX_CAUSES = 10;
