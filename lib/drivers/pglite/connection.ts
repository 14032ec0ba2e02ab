import type { QueuedConnection, QueuedStatement, Result } from "../queued/driver.js";
import type { PGliteClient } from "./client.js";
import { scriptMessage, statementMessages } from "./frontend-messages.js";
import { send } from "./send.js";

/** The one connection of a PGlite, while others wait for it. */
export class PGliteConnection implements QueuedConnection {
  readonly isOfProgram = true;
  readonly #client: PGliteClient;
  readonly #end: (broken: unknown) => void;
  #isIdle = false;

  /** `end` lets others have it. */
  constructor(client: PGliteClient, end: (broken: unknown) => void) {
    this.#client = client;
    this.#end = end;
  }

  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** It runs in this process, and is never lost. */
  onLoss(): void {}

  run(statement: QueuedStatement, done: (result: Result) => void, failed: (error: unknown) => void): void {
    const { fragment, parameters, kind } = statement;
    const isCommand = kind === "command";
    const message = isCommand ? scriptMessage(fragment.text) : statementMessages(fragment.text, parameters);
    this.#isIdle = false;
    void send(this.#client, message).then(
      ({ result, error, isIdle }) => {
        this.#isIdle = isIdle;
        if (error === undefined) done(result);
        else failed(error);
      },
      // It could not write its files, or is in a worker, which does not tell errors of the server from others.
      (error: unknown) => {
        if (isCommand) failed(error);
        else done({ columns: [], rows: [], command: "", count: null, failure: { error } });
      },
    );
  }

  release(broken?: unknown): void {
    const end = () => this.#end(broken);
    if (broken === undefined) end();
    // A transaction that was left open must not take in what others do next.
    else void send(this.#client, scriptMessage("rollback")).then(end, end);
  }
}
