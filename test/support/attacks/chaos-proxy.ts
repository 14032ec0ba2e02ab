import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { listenBefore } from "../../server/listen-before.js";
import type { Random } from "./random.js";

/** How the network misbehaves. Shares are from 0 to 1. */
export interface Faults {
  /** The share of connections that are closed as soon as they are opened. */
  readonly refused: number;
  /** The share of connections that fail, each after some bytes in either direction. */
  readonly failing: number;
  /** The share of chunks that arrive in small pieces. */
  readonly split: number;
  /** The share of pieces that arrive late. */
  readonly late: number;
}

export interface ChaosProxy {
  /** Leads to the server through the proxy. */
  readonly url: string;
  /** The disturbances so far: connections, refusals, resets, ends, silences. */
  readonly figures: ReadonlyMap<string, number>;
  /** From now on everything goes through. Failures that have begun still happen, within `LONGEST_SILENCE_MS`. */
  calm(): void;
  close(): Promise<void>;
}

const LONGEST_DELAY_MS = 4;
/** A call on a silent network ends only when the connection does, so no silence lasts longer. */
export const LONGEST_SILENCE_MS = 150;

/** A proxy between clients and the server, like a network that delays, splits, cuts, refuses and swallows data. */
export async function startChaosProxy(serverUrl: string, faults: Faults, random: Random): Promise<ChaosProxy> {
  const { hostname, port } = new URL(serverUrl);
  const figures = new Map<string, number>();
  const count = (figure: string) => void figures.set(figure, (figures.get(figure) ?? 0) + 1);
  const sockets = new Set<Socket>();
  let isCalm = false;

  const server = createServer((client) => {
    count("connections");
    const choices = random.fork();
    if (!isCalm && choices.chance(faults.refused)) {
      count("refusals");
      client.on("error", () => {});
      client.destroy();
      return;
    }
    const upstream = connect(Number(port || 5432), hostname);
    const both = [client, upstream] as const;
    for (const socket of both) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        for (const each of both) each.destroy();
      });
    }
    // The first bytes are those of the greeting, so many connections fail in the middle of it.
    let left = choices.chance(faults.failing) ? choices.between(1, choices.pick([600, 2000, 8000])) : Infinity;
    let hasFailed = false;

    const fail = () => {
      hasFailed = true;
      const way = choices.pick(["resets", "ends", "silences"]);
      count(way);
      if (way === "resets") client.resetAndDestroy();
      if (way === "ends") for (const each of both) each.end();
      // Data that was written before an end is sent. Then the connection is gone, whatever the other side does.
      const later = { resets: 0, ends: 20, silences: choices.between(20, LONGEST_SILENCE_MS) }[way] as number;
      setTimeout(() => client.resetAndDestroy(), later);
    };

    const forward = async (chunk: Buffer, to: Socket) => {
      for (const piece of isCalm ? [chunk] : piecesOf(chunk, choices.chance(faults.split) ? choices : undefined)) {
        if (!isCalm && choices.chance(faults.late)) await sleep(choices.next() * LONGEST_DELAY_MS);
        if (hasFailed) return;
        if (isCalm) left = Infinity;
        if (piece.length >= left) {
          to.write(piece.subarray(0, left));
          return fail();
        }
        left -= piece.length;
        to.write(piece);
      }
    };
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on("data", (chunk) => {
        from.pause();
        void forward(chunk, to).then(() => from.resume());
      });
    }
  });
  const url = await listenBefore(server, serverUrl);
  return {
    url,
    figures,
    calm: () => {
      isCalm = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Splits a chunk into up to five pieces. Without choices the chunk stays whole. */
function piecesOf(chunk: Buffer, choices: Random | undefined): Buffer[] {
  if (choices === undefined || chunk.length < 2) return [chunk];
  const cuts = Array.from({ length: choices.between(1, 4) }, () => choices.between(1, chunk.length - 1)).sort(
    (one, other) => one - other,
  );
  return [0, ...cuts].map((from, index) => chunk.subarray(from, cuts[index] ?? chunk.length)).filter((p) => p.length);
}
