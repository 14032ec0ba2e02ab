import { connect, type NetConnectOpts } from "node:net";

/** `SSLRequest`, which every server answers with one byte. Source: "Message Formats". */
const REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** The possible answers: yes, no, or an error of a server that is too old to know the request. */
const ANSWERS = "SNE";

/**
 * Probes a server once before the driver connects, and returns whether the server has TLS. If a server closes
 * connections immediately, such as a proxy without a backend, postgres.js would retry forever.
 */
export async function hasTls(address: NetConnectOpts, milliseconds: number): Promise<boolean> {
  const socket = connect(address);
  try {
    return await new Promise<boolean>((resolve, reject) => {
      const lost = (code: string) => reject(Object.assign(new Error(code), { code }));
      socket.setTimeout(milliseconds, () => lost("CONNECT_TIMEOUT"));
      socket.once("error", reject);
      socket.once("connect", () => socket.write(REQUEST));
      socket.once("data", (answer) => {
        const said = String.fromCharCode(answer[0] ?? 0);
        if (!ANSWERS.includes(said)) reject(new Error("what listens there is not a PostgreSQL server"));
        else resolve(said === "S");
      });
      socket.once("close", () => lost("CONNECTION_CLOSED"));
    });
  } finally {
    socket.destroy();
  }
}
