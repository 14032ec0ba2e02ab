import { createInterface } from "node:readline";
import { CommandError } from "./command-error.js";
import type { ShownText } from "./shown-text.js";
import { interrupt } from "./signals.js";

/** Whether there is a terminal to ask on. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** The error if there is no terminal to ask on. `what` is the question, such as `apply 2 changes`. */
export function cannotAsk(what: string): CommandError {
  return new CommandError(`Nothing was changed: cannot ask whether to ${what}, because this is not a terminal`, {
    hint: "Add --yes to apply without asking.",
  });
}

/** Asks on the terminal; only `y` and `yes` are a yes. */
export function ask(question: ShownText): Promise<boolean> {
  return new Promise((resolve) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    // In raw mode the terminal sends Ctrl-C as a key. Ctrl-D closes the input.
    terminal.once("SIGINT", () => void interrupt("SIGINT"));
    terminal.once("close", () => resolve(false));
    terminal.question(question.toString(), (answer) => {
      resolve(/^\s*y(es)?\s*$/i.test(answer));
      terminal.close();
    });
  });
}
