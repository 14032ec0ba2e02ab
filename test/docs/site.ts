import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchBrowser } from "../support/browser.js";

const dist = fileURLToPath(new URL("../../docs/.vitepress/dist", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

interface Served {
  readonly url: string;
  /** What was asked of it, with queries. */
  readonly requested: readonly string[];
  close(): Promise<void>;
}

/** The built site and a browser, for the tests of a `describe`. They are there once its tests run. */
export function useSite(): Pick<Served, "url" | "requested"> & { readonly browser: Browser } {
  let served: Served | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    served = await serveSite();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  return {
    get url() {
      return served!.url;
    },
    get requested() {
      return served!.requested;
    },
    get browser() {
      return browser!;
    },
  };
}

/** Serves the built site from localhost, as any host of static files does: `/playground` is `playground.html`. */
async function serveSite(): Promise<Served> {
  if (!existsSync(dist)) throw new Error("The site is not built: run `npm run docs:build` first.");
  const requested: string[] = [];
  const server = createServer((request, response) => {
    requested.push(request.url ?? "");
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
    const file = [path, `${path}.html`, `${path}/index.html`]
      .map((name) => join(dist, name))
      .find((name) => existsSync(name) && statSync(name).isFile());
    response.writeHead(file === undefined ? 404 : 200, {
      "content-type": TYPES[extname(file ?? "404.html")] ?? "application/octet-stream",
    });
    createReadStream(file ?? join(dist, "404.html")).pipe(response);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    requested,
    url: `http://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
