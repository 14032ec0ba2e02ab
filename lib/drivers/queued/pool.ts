import { type Line, type Reading, type Request, type Settings, type Stop, watch } from "../../internal.js";
import type { QueuedConnection, QueuedDriver } from "./driver.js";
import { QueuedLine } from "./line.js";
import { type Owner, Task } from "./task.js";
import { type Wait, Waits } from "./waits.js";

/** Takes connections of a client, and runs each statement on one of its own. */
export class QueuedPool implements Line, Owner {
  readonly closed = undefined;
  readonly #driver: QueuedDriver;
  readonly #byType: Reading;
  /** How many connections are in use, and how many of them transactions, sessions and cursors hold. */
  #used = 0;
  #reserved = 0;
  readonly #waits = new Waits(() => ({ max: this.#driver.max, reserved: this.#reserved, isUsed: this.#used > 0 }));
  readonly #onReturn = () => {
    this.#used--;
  };

  constructor(driver: QueuedDriver, byType: Reading) {
    this.#driver = driver;
    this.#byType = byType;
  }

  send(request: Request): Task {
    const task = new Task(request, this);
    const done = (connection: QueuedConnection) => {
      new QueuedLine(connection, this.#byType, this.#onReturn).add(task, true);
    };
    task.wait = this.#take(false, request.wait, done, task.reject);
    return task;
  }

  stop(task: Task, how: Stop): void {
    task.wait?.giveUp(how.error("unsent"));
  }

  reserve(what: string, { limits, wait }: Settings): Promise<QueuedLine> {
    return new Promise((resolve, reject) => {
      let line: QueuedLine | undefined;
      const stop = (how: Stop) => {
        if (line === undefined) taking?.giveUp(how.error("unsent"));
        else line.stopAll(how.error("unsent"));
      };
      const unwatch = limits === undefined ? () => {} : watch(limits, "the wait for a connection", stop);
      const done = (connection: QueuedConnection) => {
        this.#reserved++;
        const onReturn = () => {
          this.#reserved--;
          this.#used--;
        };
        line = new QueuedLine(connection, this.#byType, onReturn);
        if (what === "session") remembered(line).finally(unwatch).then(resolve, reject);
        else {
          unwatch();
          resolve(line);
        }
      };
      const failed = (error: unknown) => {
        unwatch();
        reject(error);
      };
      const taking: Wait | undefined = this.#take(true, 2 * wait, done, failed);
    });
  }

  /** Calls one of the callbacks, once. A connection that comes after the wait was given up returns unused. */
  #take(
    reserved: boolean,
    ms: number,
    done: (connection: QueuedConnection) => void,
    failed: (error: unknown) => void,
  ): Wait {
    let isOver = false;
    const giveUp = (error: unknown) => {
      if (isOver) return;
      isOver = true;
      this.#waits.delete(wait);
      failed(error);
    };
    const wait: Wait = { ms, deadline: Infinity, at: -1, giveUp };
    this.#waits.add(wait);
    const taken = (connection: QueuedConnection) => {
      // The client may give it to the next wait immediately. If that one is over, too, the calls would nest.
      if (isOver) return void Promise.resolve().then(() => connection.release());
      isOver = true;
      this.#waits.delete(wait);
      this.#used++;
      done(connection);
    };
    this.#driver.connect(reserved, taken, giveUp);
    return wait;
  }
}

async function remembered(line: QueuedLine): Promise<QueuedLine> {
  try {
    await line.remember();
    return line;
  } catch (error) {
    line.release(false);
    throw error;
  }
}
