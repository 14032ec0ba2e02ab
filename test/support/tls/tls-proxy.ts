import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";

/**
 * `ca.pem` has signed `name.pem`, for localhost, and `address.pem`, for 127.0.0.1, both with the key `server.key`;
 * `other.pem` has signed nothing. They are valid until 2126, and used nowhere else.
 */
export function pem(name: "ca" | "name" | "address" | "other"): string {
  return fileURLToPath(new URL(`./${name}.pem`, import.meta.url));
}

/** A server that speaks TLS before the one at a url, which does not. */
export interface TlsProxy {
  readonly port: number;
  close(): void;
}

/** Answers what asks for TLS with yes, as PostgreSQL does, and hands everything after it on. */
export async function startTlsProxy(serverUrl: string, certificate: "name" | "address"): Promise<TlsProxy> {
  const { hostname, port } = new URL(serverUrl);
  const secureContext = createSecureContext({
    cert: await readFile(pem(certificate)),
    key: await readFile(new URL("./server.key", import.meta.url)),
  });
  const server = createServer((client) => {
    client.on("error", () => {});
    client.once("data", () => {
      client.write("S");
      join(new TLSSocket(client, { isServer: true, secureContext }), connect(Number(port || 5432), hostname));
    });
  }).listen(0);
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

function join(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  for (const each of [one, other]) each.on("error", () => [one, other].forEach((end) => end.destroy()));
}
