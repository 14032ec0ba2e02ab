import { connect, createServer, type Socket } from "node:net";
import { listenBefore } from "./listen-before.js";

export interface CuttableServer {
  /** Leads to the server through the connections that can be cut. */
  readonly url: string;
  /** Cuts every open connection; new ones go through. */
  cut(): void;
  /**
   * Cuts the connection on which the next statement is sent: with `"request"` before the server has got it, with
   * `"answer"` when the server has carried it out and answers.
   */
  cutNext(at: "request" | "answer"): void;
  /** From now on a connection gets no answers anymore once a text was sent on it. */
  holdAfter(text: string): void;
  /** Keeps the server's answers back until `release`. */
  hold(): void;
  release(): void;
  /** From now on the connections that are held stay so, and new ones go through. */
  forget(): void;
  /** Takes no new connections. */
  refuse(): void;
  close(): Promise<void>;
}

/** A proxy between a client and the server, like a network that fails when a test wants it to. */
export async function cuttable(serverUrl: string): Promise<CuttableServer> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let next: "request" | "answer" | undefined;
  let held = false;
  let silencing: string | undefined;

  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    let isCutByAnswer = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", cut);
      socket.on("close", () => {
        cut();
        sockets.delete(socket);
        upstreams.delete(socket);
      });
    }
    upstreams.add(upstream);
    if (held) upstream.pause();
    client.on("data", (chunk) => {
      const at = next;
      next = undefined;
      if (at === "request") return cut();
      isCutByAnswer ||= at === "answer";
      if (silencing !== undefined && chunk.includes(silencing)) upstream.pause();
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => (isCutByAnswer ? cut() : client.write(chunk)));
  });
  const url = await listenBefore(server, serverUrl);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url,
    cut,
    cutNext: (at) => {
      next = at;
    },
    holdAfter: (text) => {
      silencing = text;
    },
    hold: () => {
      held = true;
      for (const upstream of upstreams) upstream.pause();
    },
    release: () => {
      held = false;
      for (const upstream of upstreams) upstream.resume();
    },
    forget: () => {
      held = false;
      silencing = undefined;
      upstreams.clear();
    },
    refuse: () => {
      server.close();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
