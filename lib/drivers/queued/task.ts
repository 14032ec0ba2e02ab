import type { Answer, Request, Sent, Stop } from "../../internal.js";
import type { Wait } from "./waits.js";

/** The pool or connection that has a task. */
export interface Owner {
  /** Stops a task before its answer. */
  stop(task: Task, how: Stop): void;
}

/** A statement that waits for a connection, or for its answer. */
export class Task implements Sent {
  readonly request: Request;
  owner: Owner;
  /** The wait for its connection. */
  wait: Wait | undefined = undefined;
  /** Whether it undoes what a session has changed. */
  undoes = false;
  readonly answer: Promise<Answer>;
  resolve!: (answer: Answer) => void;
  /** Rejects for the caller, while the server may still work on the statement. */
  reject!: (reason: unknown) => void;

  constructor(request: Request, owner: Owner) {
    this.request = request;
    this.owner = owner;
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  then<Done = Answer, Failed = never>(
    done?: ((answer: Answer) => Done | PromiseLike<Done>) | null,
    failed?: ((reason: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Done | Failed> {
    return this.answer.then(done, failed);
  }

  stop(how: Stop): void {
    this.owner.stop(this, how);
  }
}
