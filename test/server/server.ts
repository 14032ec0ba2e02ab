import { fork } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import type { Address, Reply, Request } from "./protocol.js";

export interface Server extends Readonly<Address> {
  /** Kills the postmaster and all its backends in one step, like a power cut. Resolves when they are gone. */
  crash(): Promise<void>;
  /** Starts a crashed server again, on the same folder and port. Resolves when it accepts connections. */
  start(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Run-time settings by name, as in postgresql.conf. They go before the defaults in supervisor.mjs. */
  settings?: Record<string, string>;
}

/**
 * Starts a new PostgreSQL server on a free port, in its own folder. Nothing of it outlives this process, however that
 * ends: see supervisor.mjs. A server that was not stopped does not keep this process from ending.
 */
export async function startServer({ settings = {} }: ServerOptions = {}): Promise<Server> {
  const supervisor = fork(fileURLToPath(new URL("./supervisor.mjs", import.meta.url)), [JSON.stringify(settings)], {
    // In a separate process group, which Ctrl-C does not reach.
    detached: true,
    // Not this process's: a debugger's port, or a loader that the supervisor has no need of.
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: "", LC_ALL: "C" },
    // The server's user may not be allowed to enter the current folder.
    cwd: tmpdir(),
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });

  const waiting = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>();
  let lastId = 0;

  supervisor.on("message", (reply: Reply) => {
    const request = waiting.get(reply.id);
    if (reply.error === undefined) request?.resolve(reply);
    else request?.reject(new Error(reply.error));
  });
  supervisor.on("error", rejectAll);
  const ended = new Promise<number | null>((resolve) => {
    supervisor.on("exit", (code) => {
      rejectAll(new Error(`The supervisor of the server ended with code ${code}.`));
      resolve(code);
    });
  });

  function rejectAll(error: Error): void {
    for (const request of waiting.values()) request.reject(error);
  }

  async function replyTo(id: number): Promise<Reply> {
    supervisor.ref();
    supervisor.channel?.ref();
    try {
      return await new Promise<Reply>((resolve, reject) => waiting.set(id, { resolve, reject }));
    } finally {
      waiting.delete(id);
      if (waiting.size === 0) {
        supervisor.unref();
        supervisor.channel?.unref();
      }
    }
  }

  async function ask(command: Request["command"]): Promise<void> {
    if (!supervisor.connected) throw new Error(`${command}: the server has been stopped.`);
    const id = ++lastId;
    supervisor.send({ id, command } satisfies Request);
    await replyTo(id);
  }

  const { address } = await replyTo(0);
  if (address === undefined) throw new Error("The supervisor did not say where its server is.");
  return {
    ...address,
    crash: () => ask("crash"),
    start: () => ask("start"),
    async stop() {
      supervisor.ref();
      if (supervisor.connected) supervisor.disconnect();
      const code = await ended;
      if (code !== 0) throw new Error(`The server in ${address.folder} may still be there: exit code ${code}.`);
    },
  };
}

/** The server at `DATABASE_URL`, which is left running; without that variable, one that is started and stopped. */
export async function reachServer(): Promise<Pick<Server, "url" | "stop">> {
  const url = process.env.DATABASE_URL;
  return url ? { url, stop: async () => {} } : startServer();
}
