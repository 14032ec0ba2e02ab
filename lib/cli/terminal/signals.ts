import { complain } from "./print.js";
import { text } from "./shown-text.js";

/** What the shell expects of a process that ends by a signal: 128 and its number. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** How long the server gets to stop what it is doing, in milliseconds. */
const PATIENCE = 3000;

const cancellations = new Set<() => Promise<unknown>>();
let interrupted = false;

/** Ends the process at a signal, after what is under way has been cancelled; at a second one, at once. */
export function listenToSignals(): void {
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    process.on(signal, () => void interrupt(signal));
  }
}

/** As if the signal had come: a terminal in raw mode sends none. */
export async function interrupt(signal: keyof typeof SIGNALS): Promise<never> {
  if (!interrupted) {
    interrupted = true;
    const done = Promise.allSettled([...cancellations].map((cancel) => cancel()));
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
    complain(text`\nInterrupted.`);
  }
  process.exit(SIGNALS[signal]);
}

/** What to do at a signal, while something runs. */
export async function cancellable<Result>(cancel: () => Promise<unknown>, something: () => Promise<Result>) {
  cancellations.add(cancel);
  try {
    return await something();
  } finally {
    // A process that was interrupted ends by that: what fails because of it is nobody's concern.
    if (interrupted) await new Promise(() => {});
    cancellations.delete(cancel);
  }
}
