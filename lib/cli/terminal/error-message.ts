import { isServerError, type ServerError } from "../../internal.js";
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
  /** What the server adds to its message. */
  readonly detail?: string;
  readonly hint?: string;
  readonly fix?: string;
}

/**
 * Explains an error without a stack trace: its message, and what to do on lines of their own.
 *
 * @param place - the line of the user's file that the error comes from
 */
export function errorMessage(error: unknown, place?: string): string {
  const { problems, ...whole } = explained(error, place);
  if (problems === undefined) return linesOf(whole).join("\n");
  const [first] = whole.message.split("\n");
  return [first, ...problems.flatMap(linesOf)].join("\n");
}

function linesOf({ message, ...advice }: Advised): string[] {
  return [message, ...adviceLines(advice)];
}

/** Formats what to do about an error or a problem, in the same lines everywhere. */
export function adviceLines({ detail, hint, fix }: Omit<Advised, "message">): string[] {
  return [
    ...(detail === undefined ? [] : [`Detail: ${detail}`]),
    ...(hint === undefined ? [] : [`Hint: ${hint}`]),
    ...(fix === undefined ? [] : [`Fix:  ${fix};`]),
  ];
}

/** Explains an error for JSON. */
export function explained(error: unknown, place?: string): Explained {
  const { message, detail, hint, fix, problems } = partsOf(error);
  return {
    code: codeOf(error),
    message: place === undefined ? message : `${message} (${place})`,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(fix === undefined ? {} : { fix }),
    ...(problems === undefined ? {} : { problems }),
  };
}

/** Messages and hints of the command and of the library contain no password. All others are redacted. */
function partsOf(error: unknown): Omit<Explained, "code"> {
  if (!(error instanceof Error)) return { message: redactThrown(String(error)) };
  const { message, name } = error;
  if (error instanceof CommandError) return error;
  if (name === "NextvalError") {
    const { hint, fix, problems } = error as Omit<Explained, "code">;
    return {
      message: inFlags(message),
      ...(hint === undefined ? {} : { hint: inFlags(hint) }),
      ...(fix === undefined ? {} : { fix }),
      ...(problems === undefined ? {} : { problems }),
    };
  }
  if (isServerError(error)) return partsOfServerError(error);
  return { message: message === "" ? name : redactThrown(message) };
}

function partsOfServerError(error: ServerError): Omit<Explained, "code"> {
  const { message, code, detail, hint = code === "55P03" ? LOCKED : undefined } = error as ServerError & Advised;
  return {
    message: redact(`The server says: ${message} (${code})`),
    ...(detail === undefined ? {} : { detail: redact(detail) }),
    ...(hint === undefined ? {} : { hint: redact(hint) }),
  };
}

const LOCKED =
  "Find the session that holds a table or a sequence with pg_blocking_pids, or wait longer with --lock-timeout.";

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
