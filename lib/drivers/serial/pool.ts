import { exhausted, type Line, type Reading, type Request, type Settings, type Stop, watch } from "../../internal.js";
import type { SerialConnection, SerialDriver } from "./driver.js";
import { SerialLine } from "./line.js";
import { type Owner, Task } from "./task.js";

/** Takes connections of a client, and runs each statement on one of its own. */
export class SerialPool implements Line, Owner {
  readonly closed = undefined;
  readonly #driver: SerialDriver;
  readonly #byType: Reading;
  /** How to give up the wait of each statement that has no connection yet. */
  readonly #waiting = new Map<Task, (error: unknown) => void>();
  /** How many connections transactions, sessions and cursors hold. */
  #reserved = 0;

  constructor(driver: SerialDriver, byType: Reading) {
    this.#driver = driver;
    this.#byType = byType;
  }

  send(request: Request): Task {
    const task = new Task(request, this);
    const giveUp = this.#take(
      false,
      request.wait,
      (connection) => {
        this.#waiting.delete(task);
        new SerialLine(connection, this.#byType, () => {}).add(task, true);
      },
      (error) => {
        this.#waiting.delete(task);
        task.reject(error);
      },
    );
    this.#waiting.set(task, giveUp);
    return task;
  }

  stop(task: Task, how: Stop): void {
    this.#waiting.get(task)?.(how.error("unsent"));
  }

  reserve({ limits, wait }: Settings): Promise<SerialLine> {
    return new Promise((resolve, reject) => {
      let unwatch = () => {};
      const done = (connection: SerialConnection) => {
        unwatch();
        this.#reserved++;
        resolve(new SerialLine(connection, this.#byType, () => this.#reserved--));
      };
      const failed = (error: unknown) => {
        unwatch();
        reject(error);
      };
      const giveUp = this.#take(true, 2 * wait, done, failed);
      if (limits !== undefined)
        unwatch = watch(limits, "the wait for a connection", (how) => giveUp(how.error("unsent")));
    });
  }

  /**
   * Takes a connection for one of the callbacks, exactly once, and never before it returns. Gives up after `wait` ms,
   * or when the returned function is called. A connection that comes later returns unused.
   */
  #take(
    reserved: boolean,
    wait: number,
    done: (connection: SerialConnection) => void,
    failed: (error: unknown) => void,
  ): (error: unknown) => void {
    let isOver = false;
    const end = () => {
      clearTimeout(timer);
      const wasOver = isOver;
      isOver = true;
      return !wasOver;
    };
    const giveUp = (error: unknown) => {
      if (end()) failed(error);
    };
    const timer =
      wait > 0 ? setTimeout(() => giveUp(exhausted(wait, this.#reserved, this.#driver.max)), wait) : undefined;
    this.#driver.connect(reserved).then((connection) => (end() ? done(connection) : connection.release()), giveUp);
    return giveUp;
  }
}
