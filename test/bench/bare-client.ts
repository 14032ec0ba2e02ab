import { connect, type Socket } from "node:net";

/**
 * A client that does no more than the protocol asks for: one prepared statement without parameters, bound and executed
 * again and again, whose rows are counted and thrown away. It is what any driver could reach at most. Knows servers
 * that trust or take a password in clear. Source: "Frontend/Backend Protocol".
 */
export class BareClient {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #left = 0;
  #done: (() => void) | undefined;
  #failed: ((reason: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(address: string, statement: string): Promise<BareClient> {
    const { hostname, port, username, password, pathname } = new URL(address);
    const socket = connect(Number(port), hostname).setNoDelay(true);
    const client = new BareClient(socket);
    socket.on("data", (chunk) => client.#read(chunk, decodeURIComponent(password)));
    socket.on("error", (error) => client.#failed?.(error));
    const names = `user\0${decodeURIComponent(username)}\0database\0${pathname.slice(1)}\0\0`;
    await client.#until(1, Buffer.concat([int32(8 + Buffer.byteLength(names)), int32(196_608), Buffer.from(names)]));
    await client.#until(1, Buffer.concat([message("P", `\0${statement}\0\0\0`), SYNC]));
    return client;
  }

  /** Runs the statement `count` times, without waiting in between. */
  async pipeline(count: number): Promise<void> {
    await this.#until(count, Buffer.concat(Array.from({ length: count }, () => CALL)));
  }

  /** Runs the statement `count` times, each when the one before has answered. */
  async sequence(count: number): Promise<void> {
    for (let index = 0; index < count; index++) await this.#until(1, CALL);
  }

  close(): void {
    this.#socket.end(message("X", ""));
  }

  /** Sends, and waits until the server has been ready for the next query as many times. */
  #until(ready: number, bytes: Buffer): Promise<void> {
    this.#left = ready;
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.write(bytes);
    });
  }

  #read(chunk: Buffer, password: string): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + 5 <= bytes.length) {
      const end = at + 1 + bytes.readInt32BE(at + 1);
      if (end > bytes.length) break;
      const type = bytes[at];
      if (type === READY && --this.#left === 0) this.#done?.();
      else if (type === ERROR) this.#failed?.(new Error(bytes.toString("utf8", at + 5, end)));
      else if (type === AUTHENTICATION && bytes.readInt32BE(at + 5) === 3)
        this.#socket.write(message("p", `${password}\0`));
      else if (type === AUTHENTICATION && bytes.readInt32BE(at + 5) !== 0)
        this.#failed?.(new Error("an unknown way to sign in"));
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}

const READY = "Z".charCodeAt(0);
const ERROR = "E".charCodeAt(0);
const AUTHENTICATION = "R".charCodeAt(0);

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function message(type: string, body: string): Buffer {
  return Buffer.concat([Buffer.from(type), int32(4 + Buffer.byteLength(body)), Buffer.from(body)]);
}

const SYNC = message("S", "");
/** Bind to the unnamed portal without parameters, execute without a limit, and sync. */
const CALL = Buffer.concat([message("B", "\0\0\0\0\0\0\0\0"), message("E", "\0\0\0\0\0"), SYNC]);
