import type { Remote } from "comlink";
import type { DatabaseService } from "./database/database.worker";
import { type Outcome, readMessage, type ShownError, type Start, type StatementRequest } from "./sandbox/messages";
import { startProgram } from "./sandbox/program-frame";

/** What a program did, in its order. */
export type Entry =
  | { readonly kind: "statement"; readonly request: StatementRequest; readonly outcome: Outcome }
  | { readonly kind: "printed"; readonly text: string }
  | { readonly kind: "failed"; readonly error: ShownError };

export interface RunEvents {
  onEntry(entry: Entry): void;
  /** The program has ended by itself. */
  onEnd(): void;
}

export interface Running {
  /** Stops the program. Returns whether the database still works on a statement of it. */
  stop(): boolean;
}

/** A program that sends more than this would fill the memory of the page, or stop it while it shows so much text. */
const MAX_MESSAGES = 5_000;
const MAX_CHARACTERS = 5_000_000;

/** Runs a program that was compiled. Its statements go to the database, and everything it does is reported. */
export function runProgram(
  code: string,
  start: Start,
  database: Remote<DatabaseService>,
  { onEntry, onEnd }: RunEvents,
): Running {
  let isOver = false;
  let messages = 0;
  let characters = 0;
  let unanswered = 0;
  const end = () => {
    if (isOver) return;
    isOver = true;
    frame.close();
    onEnd();
  };
  const fail = (error: ShownError) => {
    if (isOver) return;
    onEntry({ kind: "failed", error });
    end();
  };
  const answer = async (request: StatementRequest) => {
    unanswered++;
    const outcome = await database.run(request);
    unanswered--;
    if (isOver) return;
    onEntry({ kind: "statement", request, outcome });
    frame.port.postMessage({ id: request.id, outcome });
  };
  const frame = startProgram(code, start, (message) => fail({ message }));
  frame.port.addEventListener("message", ({ data }) => {
    if (isOver) return;
    const message = readMessage(data);
    characters += message !== undefined && "text" in message ? message.text.length : 0;
    if (++messages > MAX_MESSAGES || characters > MAX_CHARACTERS) {
      return fail({ message: "The program was stopped, because it did too much." });
    }
    if (message === undefined) return fail({ message: "The program was stopped, because it sent something else." });
    if (message.kind === "statement") void answer(message);
    else if (message.kind === "printed") onEntry(message);
    else if (message.kind === "failed") fail(message.error);
    else end();
  });
  frame.port.start();
  return {
    stop() {
      isOver = true;
      frame.close();
      return unanswered > 0;
    },
  };
}
