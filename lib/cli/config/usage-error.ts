import type { CommanderError } from "commander";
import { CommandError } from "../terminal/command-error.js";
import { redact } from "../terminal/redact.js";

/** The ends of messages that say what to do: a suggestion in parentheses, or another sentence. */
const ADVICE = /\n\((.+)\)$|(?<= is invalid)\. (.+)$|\. (Expected .+)$/s;

/** Explains wrong arguments as all other errors are explained. */
export function usageError({ message }: CommanderError): CommandError {
  const problem = redact(withoutValue(message.replace(/^error: /, "")));
  const advice = ADVICE.exec(problem);
  const hint = advice?.[1] ?? advice?.[2] ?? advice?.[3] ?? "Run it with --help for its options.";
  const sentence = problem.replace(ADVICE, "");
  return new CommandError(`${sentence[0]?.toUpperCase()}${sentence.slice(1)}`, { hint });
}

/** Removes the value of an unknown option from a message, because it may be a password. */
function withoutValue(message: string): string {
  return message.replace(/(unknown option '-[^='\n]*)=[^\n]*'/, "$1'");
}
