import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { toJson, toPrometheus, type SequenceHealth } from "../../operate/index.js";
import { CONTENT_SECURITY_POLICY, statusPage } from "../page/status-page.js";
import { throwCommandError } from "../terminal/command-error.js";
import { codeOf, errorMessage } from "../terminal/error-message.js";
import { maskUrls } from "../terminal/redact.js";
import { shownAddress } from "../terminal/shown-address.js";
import type { Sample, Sampler } from "./sampler.js";

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface ListenOptions {
  readonly address: ListenAddress;
  readonly sampler: Sampler;
  /** A connection on which nothing moves for this long is closed, in milliseconds. It may wait for a sample. */
  readonly silenceMs: number;
  /** How often the page replaces itself, in seconds. */
  readonly intervalS: number;
  readonly only: "problems" | undefined;
  readonly top: number | undefined;
  /** Selects the sequences that have an entry on the page. */
  readonly select: (sequences: readonly SequenceHealth[]) => readonly SequenceHealth[];
}

/** Serves the status at an address, and returns the URL of its page. */
export async function listen(options: ListenOptions): Promise<string> {
  const { host, port } = options.address;
  let isLocal = true;
  const server = createServer(LIMITS, (request, response) => void answer(request, response, { ...options, isLocal }));
  server.maxConnections = 100;
  // A client that sends requests without reading the answers would fill the memory with them.
  server.maxRequestsPerSocket = 1;
  // A client that does not read its answer, such as a machine that has gone to sleep, would keep its place forever.
  server.timeout = options.silenceMs;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  }).catch((error: unknown) =>
    throwCommandError(`Cannot listen on ${shownAddress(options.address)}: ${reasonOf(error)}`),
  );
  const bound = server.address() as AddressInfo;
  isLocal = isLoopback(bound.address);
  return `http://${shownAddress({ host, port: bound.port })}/`;
}

/** A connection has this long to send its request, in milliseconds. */
const LIMITS = { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000 };

/** The options, and whether only this machine can connect. */
interface Serving extends ListenOptions {
  readonly isLocal: boolean;
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === "EADDRINUSE") return "another program listens there";
  if (code === "EADDRNOTAVAIL") return "this machine does not have that address";
  if (code === "EACCES") return "this user may not use that port";
  return errorMessage(error);
}

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": `${CONTENT_SECURITY_POLICY}; frame-ancestors 'none'`,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

async function answer(request: IncomingMessage, response: ServerResponse, options: Serving): Promise<void> {
  const [status, type, body] = await contentFor(request, options).catch((error: unknown): Content => [
    500,
    "text/plain",
    `${maskUrls(errorMessage(error))}\n`,
  ]);
  response.writeHead(status, { ...HEADERS, connection: "close", "content-type": `${type}; charset=utf-8` });
  response.end(request.method === "HEAD" ? undefined : body);
}

type Content = readonly [status: number, type: string, body: string | Buffer];

async function contentFor(request: IncomingMessage, options: Serving): Promise<Content> {
  if (request.method !== "GET" && request.method !== "HEAD") return [405, "text/plain", "Only GET is answered.\n"];
  if (options.isLocal && !isNameOfThisMachine(request.headers.host, options.address)) {
    return [421, "text/plain", "This address is not served under that name.\n"];
  }
  const path = (request.url ?? "/").replace(/\?.*/s, "");
  // It says that this process lives. A database that is away is no reason to restart it.
  if (path === "/favicon.ico") return [204, "image/x-icon", ""];
  if (path === "/healthz") return [200, "text/plain", "ok\n"];
  const make = MAKERS.get(path);
  if (make === undefined) return [404, "text/plain", "Known paths: /, /metrics, /status.json and /healthz.\n"];
  return madeOnce(await options.sampler.sample(), path, (sample) => make(sample, options));
}

/** What is made of a sample, by path. */
const MAKERS: ReadonlyMap<string, (sample: Sample, options: ListenOptions) => Content> = new Map([
  ["/", pageOf],
  ["/metrics", metricsOf],
  ["/status.json", documentOf],
]);

const made = new WeakMap<Sample, Map<string, Content>>();

/** Makes a document of a sample for the first request only. With many sequences that takes a while. */
function madeOnce(sample: Sample, path: string, make: (sample: Sample) => Content): Content {
  const known = made.get(sample) ?? new Map<string, Content>();
  made.set(sample, known);
  let content = known.get(path);
  if (content === undefined) {
    const [status, type, body] = make(sample);
    // As text, it would be encoded again for each connection that has not read it yet.
    content = [status, type, Buffer.from(body)];
    known.set(path, content);
  }
  return content;
}

/**
 * A page of another site can make a name of its own mean the loopback address, and read the answers in the visitor's
 * browser. So only names of this machine are answered if only this machine can connect.
 */
function isNameOfThisMachine(given: string | undefined, { host }: ListenAddress): boolean {
  const name = (given ?? "").replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return name === host || name === "localhost" || isLoopback(name);
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, "");
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

function metricsOf({ health, rates, durationS, problem }: Sample, { only, top }: ListenOptions): Content {
  const isUp = problem === undefined && health !== undefined;
  const metrics = toPrometheus(isUp ? health : null, { only, top, rates, durationSeconds: durationS });
  return [200, "text/plain; version=0.0.4", metrics];
}

function documentOf({ health, rates, problem }: Sample): Content {
  if (problem === undefined) return [200, "application/json", `${JSON.stringify(toJson({ ...health, rates }))}\n`];
  return [503, "application/json", `${JSON.stringify({ error: { message: problemText(problem) } })}\n`];
}

function pageOf(sample: Sample, { sampler, intervalS, select }: ListenOptions): Content {
  const { health, rates, problem } = sample;
  if (health === undefined) {
    return [503, "text/plain", `The status could not be read: ${problemText(problem)}\n`];
  }
  const shown = select(health.sequences);
  const pointsOf = (sequence: SequenceHealth) => sampler.pointsOf(sequence);
  const text = problem === undefined ? undefined : problemText(problem);
  return [200, "text/html", statusPage({ health, shown, rates, pointsOf, intervalS, problem: text })];
}

function problemText(problem: unknown): string {
  return maskUrls(errorMessage(problem));
}
