import { CommandError } from "./command-error.js";
import { inFlags } from "./flag-names.js";
import { redact, redactThrown } from "./redact.js";

/** An error as the command reports it. */
export interface Explained extends Advised {
  readonly code: string | null;
  /** The reasons, if there are several, each with its own advice. */
  readonly problems?: readonly Advised[];
}

interface Advised {
  readonly message: string;
  readonly hint?: string;
  readonly fix?: string;
}

/** Explains an error in one sentence without a stack trace, followed by its hint and its fix on lines of their own. */
export function errorMessage(error: unknown): string {
  const { message, problems, ...advice } = explained(error);
  if (problems === undefined) return linesOf({ message, ...advice }).join("\n");
  const [first] = message.split("\n");
  return [first, ...problems.flatMap(linesOf)].join("\n");
}

function linesOf({ message, hint, fix }: Advised): string[] {
  const lines = [
    message,
    hint === undefined ? undefined : `Hint: ${hint}`,
    fix === undefined ? undefined : `Fix:  ${fix};`,
  ];
  return lines.filter((line) => line !== undefined);
}

/** Explains an error for JSON. */
export function explained(error: unknown): Explained {
  const code = codeOf(error);
  if (!(error instanceof Error) || error.name !== "NextvalError") return { code, message: messageOf(error) };
  const { hint, fix, problems } = error as Omit<Explained, "code" | "message">;
  return {
    code,
    message: inFlags(error.message),
    ...(hint === undefined ? {} : { hint: inFlags(hint) }),
    ...(fix === undefined ? {} : { fix }),
    ...(problems === undefined ? {} : { problems }),
  };
}

/** Explains an error that has no parts. A server's error includes its code, detail and hint. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return redactThrown(String(error));
  const { message, name } = error;
  // Messages of the command contain no password.
  if (error instanceof CommandError) return message;
  if (name !== "PostgresError") return message === "" ? name : redactThrown(message);
  const { code, detail, hint } = error as { code?: string; detail?: string; hint?: string };
  const lines = [`The server says: ${message} (${code})`, detail, hint, code === "55P03" ? LOCKED : undefined];
  return redact(lines.filter((line) => line !== undefined).join("\n"));
}

const LOCKED =
  "Somebody holds a table or a sequence that has to be read: find them with pg_blocking_pids, " +
  "or wait longer with --lock-timeout";

/** Returns the code of an error, or null if it has none. */
export function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : null;
}

/** Returns the stacks of an error and its causes, for `--debug`. */
export function stacksOf(error: unknown): string {
  const stacks: string[] = [];
  for (let each = error; each instanceof Error && stacks.length < MAX_CAUSES; each = each.cause) {
    stacks.push(each.stack ?? each.message);
  }
  return redactThrown(stacks.join("\nCaused by: "));
}

/** Limits the causes, because an error may be its own cause. */
const MAX_CAUSES = 10;
