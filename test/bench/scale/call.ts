import { readFileSync } from "node:fs";
import { bind, type Database, pgSequence, type SequenceLike, sql, type Transaction } from "nextval";
import { type DatabaseState, inspectSequences, planChanges, pullDeclarations } from "nextval/catalog";
import { planResync, planTransfer, sequenceStatus } from "nextval/operate";
import postgres from "postgres";
import { median } from "../interleave.js";

/** What one function takes for one database. */
export interface Cost {
  readonly ms: number;
  /** The time of processors, of this process and of the server's: other programs do not change it. */
  readonly cpuMs: number;
  /** How far the memory of the process grew, at its peak. */
  readonly mb: number;
  /** The most memory of the server's process that others do not share. */
  readonly serverMb: number;
  readonly statements: number;
  /** The most locks that one transaction held. */
  readonly locks: number;
}

type Call = () => unknown;

/** Prepares a call. What it prepares is not measured. */
const CALLS: { readonly [name: string]: (db: Database, other: () => Database) => Call | Promise<Call> } = {
  inspect: (db) => () => inspectSequences(db),
  async plan(db) {
    const state = await inspectSequences(db);
    const declared = declarationsOf(state).map((each, index) => {
      if (index % 10 === 0) return pgSequence(each.seqName ?? "", { ...each.seqOptions, cycle: true, cache: 20 });
      return index % 100 === 1 ? pgSequence(`new_${each.seqName}`) : each;
    });
    return () => planChanges(declared, state);
  },
  async check(db) {
    const declared = declarationsOf(await inspectSequences(db));
    return async () => {
      const { changes } = planChanges(declared, await inspectSequences(db));
      if (changes.length > 0) throw new Error(`planned ${changes.length} changes`);
    };
  },
  async pull(db) {
    const state = await inspectSequences(db);
    return () => pullDeclarations(state);
  },
  status: (db) => () => sequenceStatus(db),
  resync: (db) => () => planResync(db),
  transfer: (db, other) => {
    const target = other();
    return () => planTransfer(db, target);
  },
  // What `status` reads of the tables, in as many of them as the server has room to lock.
  async "by hand"(db) {
    const { tables } = await inspectSequences(db);
    const texts = tables.map(({ table }) => {
      const [name, sequence] = [table, table.replace("t_", "owned_")];
      return `select '${name}', (select max(id) from ${name}), s.last_value,
        (select min(id) from ${name} where id > s.last_value or id = s.last_value and not s.is_called)
        from ${sequence} s`;
    });
    return async () => {
      for (let from = 0; from < texts.length; from += 500) {
        const text = texts.slice(from, from + 500).join(" union all ");
        await db.begin((tx) => tx.query(sql.raw(text)));
      }
    };
  },
};

/** Declares what there is. */
function declarationsOf({ sequences }: DatabaseState): SequenceLike[] {
  return sequences.map(({ seqName, options: { increment, cache, ownedBy } }) =>
    pgSequence(seqName, { increment, cache, ...(ownedBy === null ? {} : { ownedBy }) }),
  );
}

/** Measures one function: `run-part.ts scale/call NAME URL OTHER_URL ROUNDS`. */
export async function measure(): Promise<Cost> {
  const [name = "", url = "", otherUrl = "", rounds = "1"] = process.argv.slice(3);
  const clients: postgres.Sql[] = [];
  const counts: Counts = { statements: 0, locks: 0 };
  const open = (to: string) => {
    const client = postgres(to, {
      max: 1,
      onnotice: () => {},
      debug: () => counts.statements++,
      // Workers of a parallel query are processes of their own.
      connection: { max_parallel_workers_per_gather: 0 },
    });
    clients.push(client);
    return countingLocks(bind(client), counts);
  };
  const call = await CALLS[name]?.(open(url), () => open(otherUrl));
  if (call === undefined) throw new Error(`there is no call ${name}`);
  const backends = await Promise.all(clients.map(async (client) => (await client`select pg_backend_pid() as pid`)[0]));
  const server = new ServerProcesses(backends.map((row) => row?.["pid"] as number));
  const times: { readonly ms: number; readonly cpuMs: number }[] = [];
  const timed = async () => {
    globalThis.gc?.();
    const cpu = process.cpuUsage();
    const start = performance.now();
    const ofServer = server.cpuMs();
    await call();
    const { user, system } = process.cpuUsage(cpu);
    times.push({ ms: performance.now() - start, cpuMs: (user + system) / 1e3 + server.cpuMs() - ofServer });
  };
  globalThis.gc?.();
  const [before, peakBefore] = [process.memoryUsage.rss() / 1e6, process.resourceUsage().maxRSS];
  let seen = 0;
  const look = () => (seen = Math.max(seen, process.memoryUsage.rss() / 1e6));
  const timer = setInterval(look, 20);
  Object.assign(counts, { statements: 0, locks: 0 });
  await timed();
  clearInterval(timer);
  look();
  const peak = process.resourceUsage().maxRSS;
  // Loading the modules took more than a small database does, and hides its peak.
  const mb = Math.max(0, (peak > peakBefore ? (peak * 1024) / 1e6 : seen) - before);
  const once = { mb, serverMb: server.stop(), ...counts };
  // The code is not optimised in the first call, and the session of the server has no catalog in its memory.
  times.length = 0;
  for (let round = 0; round < Number(rounds); round++) await timed();
  await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
  return { ms: median(times.map(({ ms }) => ms)), cpuMs: median(times.map(({ cpuMs }) => cpuMs)), ...once };
}

interface Counts {
  statements: number;
  locks: number;
}

/** Counts the locks at the end of each transaction, which has held them until then. */
function countingLocks(db: Database, counts: Counts): Database {
  type Work = (tx: Transaction) => Promise<unknown>;
  const begin = async (mode: string | Work, work?: Work) =>
    db.begin(typeof mode === "string" ? mode : "read only", async (tx) => {
      const result = await (work ?? (mode as Work))(tx);
      const [row] = await tx`
        select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'relation'`;
      counts.locks = Math.max(counts.locks, Number((row as { count: string }).count));
      counts.statements--;
      return result;
    });
  return { begin } as unknown as Database;
}

/** What Linux knows of processes of the server on this machine. Elsewhere it is nothing. */
class ServerProcesses {
  readonly #pids: readonly number[];
  readonly #timer: NodeJS.Timeout;
  #peakMb = 0;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#look(), 20);
  }

  #look(): void {
    const sizes = this.#read("status", (text) => Number(/^RssAnon:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1e3);
    this.#peakMb = Math.max(this.#peakMb, ...sizes);
  }

  /** The time that they have used, which Linux counts in hundredths of a second. */
  cpuMs(): number {
    return this.#read("stat", (text) => {
      const [user = 0, system = 0] = text.slice(text.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
      return 10 * (user + system);
    }).reduce((sum, each) => sum + each, 0);
  }

  /** Ends looking at their memory, and returns the most that one of them had. */
  stop(): number {
    clearInterval(this.#timer);
    this.#look();
    return this.#peakMb;
  }

  #read(file: string, parse: (text: string) => number): number[] {
    return process.platform === "linux"
      ? this.#pids.map((pid) => parse(readFileSync(`/proc/${pid}/${file}`, "utf8")))
      : [];
  }
}
