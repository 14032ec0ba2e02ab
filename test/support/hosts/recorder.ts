import { connect, createServer, type Socket } from "node:net";
import { listenBefore } from "../../server/listen-before.js";

/** A statement as it went over the wire; parameters in text format are strings. */
export interface SentStatement {
  readonly text: string;
  readonly values: unknown[];
}

export interface StatementRecorder {
  /** Leads to the server by way of the recorder. */
  readonly url: string;
  readonly statements: SentStatement[];
  close(): Promise<void>;
}

/**
 * A proxy between a client and the server. It passes every byte on, and records the statements of the client with their
 * parameters, whatever library sends them. Source: "Frontend/Backend Protocol", section "Message Formats".
 */
export async function recordStatements(serverUrl: string): Promise<StatementRecorder> {
  const { hostname, port } = new URL(serverUrl);
  const statements: SentStatement[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    const read = messageReader((type, body) => readers[type]?.(body, texts, statements));
    const texts = new Map<string, string>();
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
    client.on("data", read);
    client.pipe(upstream).pipe(client);
  });
  const url = await listenBefore(server, serverUrl);
  return {
    url,
    statements,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Puts messages together from chunks. The first ones, until the startup message, have no type. */
function messageReader(take: (type: string, body: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return;
      const end = head + rest.readInt32BE(head);
      if (rest.length < end) return;
      const body = rest.subarray(head + 4, end);
      if (started) take(String.fromCharCode(rest[0] as number), body);
      // A request for encryption comes first, and the server of the tests declines it.
      else started = body.readInt16BE(0) === 3;
      rest = rest.subarray(end);
    }
  };
}

const readers: {
  readonly [type: string]: (body: Buffer, texts: Map<string, string>, statements: SentStatement[]) => void;
} = {
  // Query
  Q(body, _texts, statements) {
    statements.push({ text: cursorOf(body).text(), values: [] });
  },
  // Parse
  P(body, texts) {
    const cursor = cursorOf(body);
    texts.set(cursor.text(), cursor.text());
  },
  // Bind
  B(body, texts, statements) {
    const cursor = cursorOf(body);
    cursor.text(); // the portal
    const text = texts.get(cursor.text()) ?? "";
    const formats = Array.from({ length: cursor.int16() }, () => cursor.int16());
    const values = Array.from({ length: cursor.int16() }, (_, index) => {
      const bytes = cursor.bytes();
      const isBinary = (formats.length === 1 ? formats[0] : formats[index]) === 1;
      return bytes === null || isBinary ? bytes : bytes.toString();
    });
    statements.push({ text, values });
  },
};

function cursorOf(body: Buffer) {
  let at = 0;
  return {
    text(): string {
      const end = body.indexOf(0, at);
      const text = body.toString("utf8", at, end);
      at = end + 1;
      return text;
    },
    int16: (): number => body.readInt16BE((at += 2) - 2),
    bytes(): Buffer | null {
      const length = body.readInt32BE(at);
      at += 4;
      return length < 0 ? null : body.subarray(at, (at += length));
    },
  };
}
