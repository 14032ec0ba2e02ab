import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";

/**
 * Lets a proxy listen on loopback. Returns the address of the server behind it, with the proxy's in its place, and
 * without TLS.
 */
export async function listenBefore(proxy: Server, serverUrl: string): Promise<string> {
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  url.searchParams.delete("sslmode");
  return url.href;
}
