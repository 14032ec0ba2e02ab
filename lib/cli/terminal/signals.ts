import { printError } from "./print.js";
import { text } from "./shown-text.js";

/** The exit codes that a shell expects of a process that a signal ended: 128 and the number of the signal. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** How long the server has to stop its work, in milliseconds. */
const GRACE_PERIOD_MS = 3000;

const cancellations = new Set<() => Promise<unknown>>();
let interrupted = false;

/** Ends the process at a signal, after the running work was cancelled. A second signal ends it immediately. */
export function listenToSignals(): void {
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    process.on(signal, () => void interrupt(signal));
  }
}

/** Acts as if the signal had arrived, because a terminal in raw mode sends none. */
export async function interrupt(signal: keyof typeof SIGNALS): Promise<never> {
  if (!interrupted) {
    interrupted = true;
    const done = Promise.allSettled([...cancellations].map((cancel) => cancel()));
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, GRACE_PERIOD_MS))]);
    printError(text`\nInterrupted.`);
  }
  process.exit(SIGNALS[signal]);
}

/** Runs work that a signal cancels. */
export async function cancellable<Result>(cancel: () => Promise<unknown>, something: () => Promise<Result>) {
  cancellations.add(cancel);
  try {
    return await something();
  } finally {
    // The process is already exiting, so ignore errors caused by the cancellation.
    if (interrupted) await new Promise(() => {});
    cancellations.delete(cancel);
  }
}
