import { connect, type NetConnectOpts } from "node:net";

/** `SSLRequest`, which every server answers with one byte. Source: "Message Formats". */
const REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** The possible answers: yes, no, or an error of a server that is too old to know the request. */
const ANSWERS = "SNE";

/**
 * Probes a server once before the driver connects. If a server closes connections immediately, such as a proxy without
 * a backend, the driver would retry forever. Rejects with the reason, also if TLS is needed and the server does not
 * have it.
 *
 * @param needsTls - the setting that asks for TLS, such as `sslmode=require`; undefined if there is none
 */
export async function reach(address: NetConnectOpts, milliseconds: number, needsTls?: string): Promise<void> {
  const socket = connect(address);
  try {
    await new Promise<void>((resolve, reject) => {
      const lost = (code: string) => reject(Object.assign(new Error(code), { code }));
      socket.setTimeout(milliseconds, () => lost("CONNECT_TIMEOUT"));
      socket.once("error", reject);
      socket.once("connect", () => socket.write(REQUEST));
      socket.once("data", (answer) => {
        const said = String.fromCharCode(answer[0] ?? 0);
        if (!ANSWERS.includes(said)) reject(new Error("what listens there is not a PostgreSQL server"));
        else if (said !== "S" && needsTls !== undefined) reject(new NoTlsError(needsTls));
        else resolve();
      });
      socket.once("close", () => lost("CONNECTION_CLOSED"));
    });
  } finally {
    socket.destroy();
  }
}

class NoTlsError extends Error {
  readonly hint = "Give sslmode=disable to connect without TLS.";

  constructor(needsTls: string) {
    super(`the server does not speak TLS, which ${needsTls} asks for`);
  }
}
