import { fork, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { startServer } from "../server/server.js";
import { CHECKOUT, CHECKOUT_VARIABLE } from "./checkout.js";
import { atMost, type Report, round, type Target } from "./report.js";
import type { Cost } from "./scale/call.js";
import { drawCurves, type Curve } from "./scale/curves.js";
import { fill, sizeOf } from "./scale/fill.js";

/** How many sequences the databases have. The largest one takes most of the time. */
const SIZES = (process.env["NEXTVAL_SCALE_SIZES"] ?? "10,100,1000,10000,100000").split(",").map(Number);

/** The functions of the library. Each is measured in a process of its own. */
const FUNCTIONS = ["inspect", "plan", "check", "pull", "status", "resync", "transfer"];

/** The size from which the cost of a sequence must not grow, because the fixed cost of a call is small by then. */
const FROM = 1000;
const MOST_GROWTH = 1.5;

/** What the lock table of a server with default settings has room for: 64 locks for each of 100 sessions. */
const LOCK_ROOM = 6400;

/** The peer reads every table for itself, and takes minutes from here on. */
const LARGEST_OF_PEER = 1000;

/** The database in which all sequences belong to columns. */
const OWNED = 10_000;

interface Measured extends Cost {
  readonly name: string;
  readonly sequences: number;
}

/** Measures the functions that read a whole database, on databases of 10 to 100,000 sequences. */
export async function measure(): Promise<Report> {
  const settings = { max_wal_size: "4GB", checkpoint_timeout: "1h" };
  const server = await startServer({ settings });
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  const urlOf = (database: string) => Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  const folder = mkdtempSync(join(tmpdir(), "nextval-scale-"));
  const found: Measured[] = [];
  const peers: Measured[] = [];
  try {
    for (const sequences of SIZES) {
      await admin`create database source`;
      await filled(urlOf("source"), sizeOf(sequences));
      await admin`create database target template source strategy file_copy`;
      const rounds = Math.max(3, Math.min(5, Math.floor(5000 / sequences)));
      for (const name of FUNCTIONS) {
        const cost = await call(name, urlOf("source"), urlOf("target"), rounds);
        found.push({ name, sequences, ...cost });
        console.log(`  ${rowOf({ name, sequences, ...cost }).join(" | ")}`);
      }
      const file = join(folder, "sequences.ts");
      const main = `${CHECKOUT}dist/lib/cli/main.js`;
      const pull = await command([main, "pull", "--url", urlOf("source"), "--out", file, "--force"], folder);
      peers.push({ name: "nextval pull", sequences, ...pull });
      if (sequences <= LARGEST_OF_PEER) {
        writeFileSync(
          join(folder, "drizzle.config.json"),
          JSON.stringify({ dialect: "postgresql", out: "./drizzle", dbCredentials: { url: urlOf("source") } }),
        );
        const kit = fileURLToPath(new URL("../../node_modules/drizzle-kit/bin.cjs", import.meta.url));
        const theirs = await command([kit, "pull", "--config", "drizzle.config.json"], folder);
        peers.push({ name: "drizzle-kit pull", sequences, ...theirs });
      }
      for (const name of ["source", "target"]) await admin`drop database ${admin(name)}`;
    }
    if (process.env[CHECKOUT_VARIABLE] === undefined) drawCurves(curvesOf(found), COLUMNS, found.map(rowOf));
    const owned = Math.min(OWNED, ...SIZES.slice(-1));
    await admin`create database owned`;
    await filled(urlOf("owned"), { sequences: owned, partitioned: 0, parts: 0, plain: owned });
    const [byHand, status] = [
      await call("by hand", urlOf("owned"), "", 5),
      await call("status", urlOf("owned"), "", 5),
    ] as const;
    return {
      tables: [
        { title: "Time and memory by the number of sequences", columns: COLUMNS, rows: found.map(rowOf) },
        {
          title: "Pulling all sequences, as a command; drizzle-kit also pulls the tables",
          columns: ["", "sequences", "ms", "MB"],
          rows: peers.map(({ name, sequences, ms, mb }) => [name, sequences, Math.round(ms), round(mb)]),
        },
        {
          title: `${owned} sequences that belong to columns`,
          columns: ["", "busy ms", "statements"],
          rows: [
            ["the same extremes by hand, of 500 tables in one statement", Math.round(byHand.cpuMs), byHand.statements],
            ["status", Math.round(status.cpuMs), status.statements],
          ],
        },
      ],
      targets: [
        ...growthOf(found),
        ...FUNCTIONS.map((name) =>
          atMost(
            `${name}, locks`,
            Math.max(...found.filter((each) => each.name === name).map(({ locks }) => locks)),
            LOCK_ROOM,
          ),
        ),
        atMost(`status of ${owned} owned sequences, times the same extremes by hand`, status.cpuMs / byHand.cpuMs, 3, {
          limit: "1 (the queries by hand)",
        }),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await admin.end({ timeout: 1 });
    await server.stop();
  }
}

const COLUMNS = [
  "",
  "sequences",
  "ms",
  "busy ms",
  "busy µs per sequence",
  "MB",
  "MB of the server",
  "statements",
  "locks",
];

function rowOf({ name, sequences, ms, cpuMs, mb, serverMb, statements, locks }: Measured) {
  const perSequence = round((1000 * cpuMs) / sequences);
  return [
    name,
    sequences,
    Math.round(ms),
    Math.round(cpuMs),
    perSequence,
    round(mb),
    round(serverMb),
    statements,
    locks,
  ];
}

function curvesOf(found: readonly Measured[]): Curve[] {
  return FUNCTIONS.map((name) => {
    const own = found.filter((each) => each.name === name);
    return {
      name,
      time: own.map(({ sequences, cpuMs }) => [sequences, cpuMs]),
      memory: own.map(({ sequences, mb }) => [sequences, mb]),
    };
  });
}

/** Compares the cost of a sequence in the largest database with that in one of a thousand. */
function growthOf(found: readonly Measured[]): Target[] {
  return FUNCTIONS.flatMap((name) => {
    const own = found.filter((each) => each.name === name);
    const small = own.find(({ sequences }) => sequences === FROM);
    const large = own.at(-1);
    if (small === undefined || large === undefined || large.sequences <= FROM) return [];
    const times = large.sequences / small.sequences;
    const of = `of one of ${FROM}`;
    return [
      atMost(
        `${name}: time of one of ${large.sequences} sequences, ${of}`,
        large.cpuMs / small.cpuMs / times,
        MOST_GROWTH,
      ),
      // Below a megabyte it is noise.
      atMost(
        `${name}: memory of one of ${large.sequences}, ${of}`,
        large.mb / Math.max(1, small.mb) / times,
        MOST_GROWTH,
      ),
    ];
  });
}

async function filled(url: string, size: Parameters<typeof fill>[1]): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => {} });
  await fill(client, size);
  await client.end({ timeout: 1 });
}

/** Measures one function in its own process, because memory that one has used is not returned before the next. */
function call(name: string, url: string, other: string, rounds: number): Promise<Cost> {
  const child = fork(
    fileURLToPath(new URL("./run-part.ts", import.meta.url)),
    ["scale/call", name, url, other, `${rounds}`],
    {
      execArgv: [...process.execArgv, "--expose-gc"],
    },
  );
  return new Promise((resolve, reject) => {
    let cost: Cost | undefined;
    child.on("message", (message) => {
      cost = message as Cost;
    });
    child.on("error", reject);
    child.on("exit", (code) => {
      if (cost === undefined) reject(new Error(`${name} ended with code ${code}`));
      else resolve(cost);
    });
  });
}

/** Runs a program of Node, and looks at its memory as Linux sees it. */
async function command(args: readonly string[], cwd: string): Promise<Cost> {
  const start = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, CI: "1" },
  });
  let problem = "";
  child.stderr.on("data", (text) => (problem += String(text)));
  let mb = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      mb = Math.max(mb, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1e3);
    } catch {
      // It has ended, or this is not Linux.
    }
  }, 20);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${args.slice(0, 2).join(" ")} ended with code ${code}: ${problem.slice(0, 500)}`);
  const ms = performance.now() - start;
  return { ms, cpuMs: ms, mb, serverMb: 0, statements: 0, locks: 0 };
}
