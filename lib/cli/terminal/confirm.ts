import { createInterface } from "node:readline";
import type { ShownText } from "./shown-text.js";
import { interrupt } from "./signals.js";

/** Whether there is a terminal to ask on. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
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
