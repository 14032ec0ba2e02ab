import type { CommanderError } from "commander";
import { CommandError } from "../terminal/command-error.js";
import { redact } from "../terminal/redact.js";

/** Explains wrong arguments as all other errors are explained. */
export function usageError({ code, message }: CommanderError): CommandError {
  const problem = redact(withoutValue(message.replace(/^error: /, "")));
  const help =
    code === "commander.unknownCommand"
      ? "Run nextval --help for its commands."
      : "Run it with --help for its options.";
  const [sentence, hint = help] = splitAdvice(problem);
  return new CommandError(`${sentence[0]?.toUpperCase()}${sentence.slice(1)}`, { hint });
}

/** Cuts off the end of a message that says what to do: a suggestion in parentheses, or another sentence. */
function splitAdvice(problem: string): [sentence: string, hint?: string] {
  const suggestion = problem.indexOf("\n(");
  if (suggestion !== -1 && problem.endsWith(")")) {
    return [problem.slice(0, suggestion), problem.slice(suggestion + 2, -1)];
  }
  for (const [end, next] of [
    [" is invalid", ". "],
    ["", ". Expected "],
  ] as const) {
    const at = problem.indexOf(end + next);
    if (at !== -1) return [problem.slice(0, at + end.length), problem.slice(at + end.length + 2)];
  }
  return [problem];
}

/** Removes the value of an unknown option from a message, because it may be a password. */
function withoutValue(message: string): string {
  return message.replace(/(unknown option '-[^='\n]*)=[^\n]*'/, "$1'");
}
