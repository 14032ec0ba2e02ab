import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { variables } from "./start-process.js";
import type { Finished } from "./start-process.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Where the command is for a resident process, in a folder of the library. */
const bundleIn = (library: string) => `${library}/resident.cjs`;

/**
 * Bundles the command into one script, which a process compiles once and runs again and again. As a module it would be
 * compiled for each run, and never be forgotten.
 */
export async function bundleCommand(library: string): Promise<void> {
  await build({
    entryPoints: [`${root}lib/cli/program.ts`],
    outfile: bundleIn(library),
    bundle: true,
    // What a script cannot require is bundled.
    external: ["commander", "jiti", "pg", "postgres", "tinyglobby"],
    platform: "node",
    format: "cjs",
    define: { "import.meta.url": "__moduleUrl" },
    target: "node20",
    tsconfigRaw: {},
    logLevel: "warning",
  });
}

/** Follows the output of each run on both streams. */
const END = `<end ${randomBytes(16).toString("hex")}>`;

interface Run {
  readonly folder: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

interface Resident {
  readonly child: ChildProcess;
  /** Resolves with its exit code once it has ended. */
  readonly gone: Promise<number | null>;
}

let resident: Resident | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the command in a process that stays for all runs of this worker, one after another. It ends with the worker, or
 * with a command that ends its process; the next run then starts another one.
 */
export function runResident(library: string, run: Run): Promise<Finished> {
  const finished = last.then(() => runIn((resident ??= start(library)), run));
  last = finished.catch(() => {});
  return finished;
}

function start(library: string): Resident {
  const child = fork(fileURLToPath(new URL("./resident.mjs", import.meta.url)), [bundleIn(library), END], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // What loads the drivers from a script is experimental, and says so.
    execArgv: ["--disable-warning=ExperimentalWarning"],
    env: variables({}),
    cwd: library,
  });
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8");
  const gone = new Promise<number | null>((resolve) => {
    child.once("close", (status) => {
      resident = undefined;
      resolve(status);
    });
  });
  return { child, gone };
}

async function runIn({ child, gone }: Resident, { folder, args, env }: Run): Promise<Finished> {
  const handles = [child, child.channel, child.stdout, child.stderr] as { ref?(): void; unref?(): void }[];
  for (const handle of handles) handle.ref?.();
  const outputs = [child.stdout, child.stderr].map((stream) => readUntilEnd(stream as NodeJS.ReadableStream, gone));
  const done = new Promise<number>((resolve) => child.once("message", resolve));
  child.send({ folder, args, env });
  const [stdout = "", stderr = ""] = await Promise.all(outputs);
  const finished = { status: await Promise.race([done, gone]), stdout, stderr };
  for (const handle of handles) handle.unref?.();
  return finished;
}

/** Resolves with the output of a run, or with all of it if the process ends. */
function readUntilEnd(stream: NodeJS.ReadableStream, gone: Promise<unknown>): Promise<string> {
  return new Promise((resolve) => {
    let output = "";
    const onData = (text: string) => {
      output += text;
      if (output.endsWith(END)) finish(output.slice(0, -END.length));
    };
    const finish = (all: string) => {
      stream.off("data", onData);
      resolve(all);
    };
    stream.on("data", onData);
    void gone.then(() => finish(output));
  });
}
