import { connect, type NetConnectOpts } from "node:net";

/** `SSLRequest`, which every server answers with one byte. Source: "Message Formats". */
const REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** What it answers with: yes, no, or that it is too old to know. */
const ANSWERS = "SNE";

/**
 * Knocks once before the driver connects: to a server that hangs up at once, such as a proxy with nothing behind it, the driver
 * would go on connecting for ever. Rejects with what is wrong there.
 */
export async function reach(address: NetConnectOpts, milliseconds: number): Promise<void> {
  const socket = connect(address);
  try {
    await new Promise<void>((resolve, reject) => {
      const lost = (code: string) => reject(Object.assign(new Error(code), { code }));
      socket.setTimeout(milliseconds, () => lost("CONNECT_TIMEOUT"));
      socket.once("error", reject);
      socket.once("connect", () => socket.write(REQUEST));
      socket.once("data", (answer) => {
        if (ANSWERS.includes(String.fromCharCode(answer[0] ?? 0))) resolve();
        else reject(new Error("what listens there is no PostgreSQL server"));
      });
      socket.once("close", () => lost("CONNECTION_CLOSED"));
    });
  } finally {
    socket.destroy();
  }
}
