import type { QueuedConnection, QueuedStatement, Result } from "../queued/driver.js";
import type { PGliteClient } from "./client.js";
import { scriptMessage, statementMessages, syncMessage } from "./frontend-messages.js";
import { failedResult, type Reply, send, stopped } from "./send.js";

/** The one connection of a PGlite, while others wait for it. */
export class PGliteConnection implements QueuedConnection {
  readonly isOfProgram = true;
  readonly isLocked = true;
  readonly #client: PGliteClient;
  readonly #end: (broken: unknown) => void;
  #isIdle = false;
  #isStopped = false;

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
    this.#isIdle = false;
    void this.#send(statement).then(
      ({ result, error, isIdle }) => {
        this.#isIdle = isIdle;
        if (error !== undefined) failed(error);
        else if (result !== undefined) done(result);
        else {
          this.#isStopped = true;
          failed(stopped());
        }
      },
      // In a worker, which does not tell errors of the server from others.
      statement.kind === "command" ? failed : (error: unknown) => done(failedResult(error)),
    );
  }

  async #send({ fragment, parameters, kind }: QueuedStatement): Promise<Reply> {
    const { text } = fragment;
    if (kind === "command") return send(this.#client, scriptMessage(text));
    return send(this.#client, statementMessages(text, parameters), syncMessage());
  }

  release(broken?: unknown): void {
    const end = () => this.#end(broken);
    // After a statement was stopped while it ran, PGlite may never answer again, and block the process.
    if (broken === undefined || this.#isStopped) end();
    // A transaction that was left open must not take in what others do next.
    else void send(this.#client, scriptMessage("rollback")).then(end, end);
  }
}
