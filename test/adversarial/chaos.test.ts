import { setTimeout as sleep } from "node:timers/promises";
import { bind, createSequence, type Database, pgSequence, sql } from "nextval";
import { beforeAll, expect } from "vitest";
import { answerOf } from "../support/attacks/answer.js";
import { attack, type Round } from "../support/attacks/attack.js";
import { LONGEST_SILENCE_MS, startChaosProxy } from "../support/attacks/chaos-proxy.js";
import { useDatabase } from "../support/database.js";

const POOLS = [1, 3, 10];
const CALLS_PER_WORKER = 8;
/** How many numbers each call has for the rows that it inserts. */
const IDS_PER_CALL = 3;

const database = useDatabase();
const drawnSeq = pgSequence("drawn_seq");

beforeAll(async () => {
  const db = bind(database.client);
  await db.query(createSequence(drawnSeq));
  await db`create table kept (id integer primary key, note text)`;
});

/** A call with a unique answer, by the number that it is given. */
interface Kind {
  readonly call: (db: Database, id: number) => PromiseLike<unknown>;
  readonly value?: (id: number) => unknown;
  /** The SQLSTATE, if the server refuses the call. The message quotes `bad` and the number. */
  readonly fails?: string;
  /** Whether the call draws values and returns them, instead of a value that is known before. */
  readonly draws?: boolean;
  /** The rows that exist if it succeeds, and only then. */
  readonly inserts?: (id: number) => number[];
}

const row = (id: number) => ({ id, note: `note of ${id}` });
const select = (id: number) => sql<ReturnType<typeof row>>`select ${id}::integer as id, ${row(id).note}::text as note`;
const insert = (id: number) => sql`insert into kept (id, note) values (${id}, ${row(id).note}) returning id, note`;
const fail = (id: number) => sql`select ${`bad ${id}`}::text::integer`;

const KINDS: Readonly<Record<string, Kind>> = {
  select: { call: (db, id) => db.one(select(id)), value: row },
  insert: { call: (db, id) => db.query(insert(id)), value: (id) => [row(id)], inserts: (id) => [id] },
  "failing select": { call: (db, id) => db.query(fail(id)), fails: "22P02" },
  "failing insert": {
    call: (db, id) => db`insert into kept (id, note) select ${id}, (${fail(id)})::text`,
    fails: "22P02",
    inserts: (id) => [id],
  },
  transaction: {
    call: (db, id) =>
      db.begin(async (tx) => {
        await tx.query(insert(id));
        await tx
          .savepoint(async (sp) => {
            await sp.query(insert(id + 1));
            throw new Error("back to the savepoint");
          })
          .catch((error: Error) => {
            if (error.message !== "back to the savepoint") throw error;
          });
        await tx.query(insert(id + 2));
        return tx.one(select(id));
      }),
    value: row,
    inserts: (id) => [id, id + 2],
  },
  "pipelined transaction": {
    call: (db, id) => db.begin((tx) => [tx.query(insert(id)), tx.query(insert(id + 1)), tx.query(select(id + 2))]),
    value: (id) => [[row(id)], [row(id + 1)], [row(id + 2)]],
    inserts: (id) => [id, id + 1],
  },
  "failing transaction": {
    call: (db, id) => db.begin((tx) => [tx.query(insert(id)), tx.query(fail(id)), tx.query(insert(id + 1))]),
    fails: "22P02",
    inserts: (id) => [id, id + 1],
  },
  "rolled back transaction": {
    call: (db, id) =>
      db.begin(async (tx) => {
        await tx.query(insert(id));
        throw new Error(`bad ${id}`);
      }),
    fails: "rolled back",
    inserts: (id) => [id],
  },
  session: {
    call: (db, id) =>
      db.session(async (session) => {
        const drawn = await session.nextval(drawnSeq);
        return { ...(await session.one(select(id))), isCurrent: (await session.currval(drawnSeq)) === drawn };
      }),
    value: (id) => ({ ...row(id), isCurrent: true }),
  },
  cursor: {
    async call(db, id) {
      const numbers: unknown[] = [];
      const series = sql<{ n: number }>`select ${id}::integer + n as n from generate_series(1, 7) as n`;
      for await (const batch of db.cursor(series, 3)) numbers.push(...batch.map(({ n }) => n));
      return numbers;
    },
    value: (id) => [1, 2, 3, 4, 5, 6, 7].map((n) => id + n),
  },
  nextval: { call: async (db) => [await db.nextval(drawnSeq)], draws: true },
  nextvals: { call: (db) => db.nextvals(drawnSeq, 40), draws: true },
};

attack("chaos proxy: every answer belongs to its statement, and every call ends", async (round) => {
  const name = `chaos ${round.seed}`;
  const ledger = new Ledger();
  await database.client`truncate kept`;
  await Promise.all(POOLS.map((max) => attackPool(max, name, ledger, round)));
  // The server itself ends the work of a lost connection.
  const left = () => database.client`select state from pg_stat_activity where application_name = ${name}`;
  await expect.poll(left, { interval: 10 }).toEqual([]);
  ledger.compare((await database.client`select id from kept`).map(({ id }) => id as number));
});

async function attackPool(max: number, name: string, ledger: Ledger, { random, count }: Round): Promise<void> {
  const faults = {
    refused: random.pick([0, 0.1, 0.3]),
    failing: random.pick([0.5, 0.9, 1]),
    split: random.pick([0, 0.3]),
    late: random.pick([0, 0.1]),
  };
  const proxy = await startChaosProxy(database.url, faults, random.fork());
  const client = database.connect({
    host: new URL(proxy.url).hostname,
    port: Number(new URL(proxy.url).port),
    max,
    connect_timeout: 2,
    backoff: () => 0.01,
    // If the driver is cut off while it fetches types, it rejects a promise that no caller can await.
    fetch_types: false,
    connection: { application_name: name },
  });
  const db = bind(client);
  const makeCall = async (kind: string, id: number) => {
    count("calls");
    const outcome = await ledger.call(kind, db, id);
    count(outcome);
  };
  const workers = Array.from({ length: max + 3 }, async () => {
    const choices = random.fork();
    for (let calls = 0; calls < CALLS_PER_WORKER; calls++) {
      // Several at the same time, so one follows another on a connection before that is answered.
      const kinds = Array.from({ length: choices.between(1, 3) }, () => choices.pick(Object.keys(KINDS)));
      await Promise.all(kinds.map((kind) => makeCall(kind, ledger.nextId())));
    }
  });
  await Promise.all(workers);

  proxy.calm();
  await sleep(LONGEST_SILENCE_MS + 50);
  const healthy = Array.from({ length: max * 3 }, async (_, index) => {
    const id = ledger.nextId();
    const kind = KINDS[index % 3 === 0 ? "transaction" : "select"] as Kind;
    const answer = await answerOf(`call ${id}`, () => kind.call(db, id));
    expect(answer, `a pool of ${max} after the chaos`).toEqual({ kind: "value", value: row(id) });
  });
  await Promise.all(healthy);
  await client.end({ timeout: 1 });
  await proxy.close();
  for (const [figure, amount] of proxy.figures) count(figure, amount);
}

/** Records the answer of each call, and compares it with the database. */
class Ledger {
  #lastId = 0;
  readonly #present = new Set<number>();
  readonly #absent = new Set<number>();
  readonly #drawn = new Set<bigint>();

  nextId(): number {
    return (this.#lastId += IDS_PER_CALL);
  }

  /** Makes a call, and fails if its answer is that of another one. */
  async call(name: string, db: Database, id: number): Promise<"answers" | "errors" | "losses"> {
    const kind = KINDS[name] as Kind;
    const what = `${name} ${id}`;
    const answer = await answerOf(what, () => kind.call(db, id));
    const rows = kind.inserts?.(id) ?? [];
    if (answer.kind === "lost") return "losses";
    if (answer.kind === "value") {
      if (kind.draws) this.#draw(answer.value as bigint[]);
      else expect(answer.value, what).toEqual(kind.value?.(id));
      for (const each of rows) this.#present.add(each);
      return "answers";
    }
    const code = answer.kind === "server error" ? answer.code : "rolled back";
    const message = (answer.error as Error).message;
    expect({ what, code, message }).toEqual({ what, code: kind.fails, message: expect.stringMatching(`bad ${id}\\b`) });
    for (const each of rows) this.#absent.add(each);
    return "errors";
  }

  #draw(values: readonly bigint[]): void {
    for (const value of values) {
      expect(this.#drawn.has(value), `${value} was drawn before`).toBe(false);
      this.#drawn.add(value);
    }
  }

  /** Fails if a row that was reported as inserted is missing, or a row exists although an error was reported. */
  compare(ids: readonly number[]): void {
    const there = new Set(ids);
    expect(
      [...this.#present].filter((id) => !there.has(id)),
      "rows that are missing",
    ).toEqual([]);
    expect(
      [...this.#absent].filter((id) => there.has(id)),
      "rows of calls that failed",
    ).toEqual([]);
  }
}
