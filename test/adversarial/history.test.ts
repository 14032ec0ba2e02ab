import { setTimeout as sleep } from "node:timers/promises";
import { bind, createSequence, type Database, type Queryable, nextval, pgSequence, sql } from "nextval";
import { beforeAll, expect, test } from "vitest";
import { type Answer, answerOf } from "../support/attacks/answer.js";
import { attack, type Round } from "../support/attacks/attack.js";
import { startChaosProxy } from "../support/attacks/chaos-proxy.js";
import { drawFaults, isLinearizable, type Operation } from "../support/attacks/history.js";
import type { Random } from "../support/attacks/random.js";
import { useDatabase } from "../support/database.js";

const CLIENTS = 6;
const STEPS = 25;

const database = useDatabase();
/** All clients draw from it, and none sets it. */
const drawnSeq = pgSequence("drawn_seq");
/** Clients also set these. There are few operations on each, so the checker can try all their orders. */
const setSeqs = Array.from({ length: 12 }, (_, index) => pgSequence(`set_${index}_seq`));

beforeAll(async () => {
  const db = bind(database.client);
  for (const sequence of [drawnSeq, ...setSeqs]) await db.query(createSequence(sequence));
  await db`create table kept (id bigint default ${nextval(drawnSeq)}, note text)`;
});

attack("history of concurrent clients: draws are unique and in order, what is committed is there", async (round) => {
  const { random, seed, count } = round;
  const admin = bind(database.client);
  await admin`truncate kept`;
  for (const sequence of setSeqs) await admin.setval(sequence, 1n, false);
  const history = new History();
  const name = `history ${seed}`;
  const faults = { refused: 0, failing: random.chance(0.5) ? 0.7 : 0, split: 0.2, late: 0.2 };
  const proxy = await startChaosProxy(database.url, faults, random.fork());
  const { hostname, port } = new URL(proxy.url);
  const connect = (max: number) =>
    database.connect({
      host: hostname,
      port: Number(port),
      max,
      fetch_types: false,
      backoff: () => 0.01,
      connect_timeout: 2,
      connection: { application_name: name },
    });
  // Half of the clients share a pool.
  const shared = connect(3);
  const pools = Array.from({ length: CLIENTS }, (_, index) => (index % 2 === 0 ? shared : connect(1)));
  const programs = pools.map(async (pool, index) => {
    const client = new Client(bind(pool), `${index}`, random.fork(), history);
    for (let step = 0; step < STEPS; step++) await client.step();
  });
  await Promise.all(programs);
  await Promise.all(pools.map((pool) => pool.end({ timeout: 1 })));
  await proxy.close();
  const left = () => admin`select state from pg_stat_activity where application_name = ${name}`;
  await expect.poll(left, { interval: 10 }).toEqual([]);

  const rows = (await admin<{ note: string }>`select note from kept`).map(({ note }) => note);
  history.check(rows, count);
  for (const [figure, amount] of proxy.figures) if (figure !== "connections") count(figure, amount);
});

/** The operations of all clients, in the order of their calls. */
class History {
  readonly draws: Operation[] = [];
  readonly operations: Operation[] = [];
  readonly committed = new Set<string>();
  readonly aborted = new Set<string>();
  lost = 0;

  check(rows: readonly string[], count: Round["count"]): void {
    expect(drawFaults(this.draws)).toEqual([]);
    for (const { seqName } of setSeqs) {
      const own = this.operations.filter(({ of }) => of === seqName);
      expect(
        isLinearizable(own, 1n),
        `${seqName}: ${JSON.stringify(own, (_, v) => (typeof v === "bigint" ? `${v}` : v))}`,
      ).toBe(true);
    }
    const there = new Set(rows);
    expect(there.size).toBe(rows.length);
    expect(
      [...this.committed].filter((note) => !there.has(note)),
      "committed rows that are missing",
    ).toEqual([]);
    expect(
      [...this.aborted].filter((note) => there.has(note)),
      "rows of what was rolled back",
    ).toEqual([]);
    count("draws", this.draws.length);
    count("operations on sequences that are set", this.operations.length);
    count("rows committed", this.committed.size);
    count("rows rolled back", this.aborted.size);
    count("lost", this.lost);
  }
}

const ROLL_BACK = new Error("roll back");

/** A program that makes one call after another, and records the answers. */
class Client {
  #notes = 0;

  constructor(
    readonly db: Database,
    readonly name: string,
    readonly random: Random,
    readonly history: History,
  ) {}

  async step(): Promise<void> {
    const { random, db } = this;
    if (random.chance(0.2)) await sleep(random.next() * 3);
    await random.pick([
      () => this.#drawSome(db),
      () => this.#drawSome(db),
      () => this.#useSetSequence(db),
      () => this.#useSetSequence(db),
      () => this.#insert(),
      () => this.#transaction(),
      () => this.#transaction(),
      () => this.#session(),
    ])();
  }

  /** Makes a call, and returns its answer with the times of both. */
  async #timed<Value>(name: string, call: () => PromiseLike<Value>) {
    const from = performance.now();
    const answer = await answerOf(name, call);
    const to = performance.now();
    if (answer.kind === "lost") {
      this.history.lost++;
      return { answer, from, to: Infinity };
    }
    return { answer, from, to };
  }

  /** Draws in one of several ways, and returns the values; none if the connection was lost. */
  async #drawSome(db: Queryable): Promise<readonly bigint[]> {
    const { random } = this;
    const many = random.between(2, 40);
    const durable = random.chance(0.5);
    const ways: (() => PromiseLike<readonly bigint[]>)[] = [
      async () => [await db.nextval(drawnSeq, { durable })],
      () => Promise.all([db.nextval(drawnSeq), db.nextval(drawnSeq), db.nextval(drawnSeq)]),
      () => db.nextvals(drawnSeq, many, { durable }),
      async () => [(await db.one(sql`select ${nextval(drawnSeq).as("id")}`)) as { id: bigint }].map(({ id }) => id),
    ];
    const { answer, from, to } = await this.#timed("draw", random.pick(ways));
    if (answer.kind === "lost") return [];
    const values = valueOf(answer);
    this.history.draws.push({ kind: "draw", of: drawnSeq.seqName, values, from, to });
    return values;
  }

  async #useSetSequence(db: Queryable): Promise<void> {
    const { random } = this;
    const sequence = random.pick(setSeqs);
    const of = sequence.seqName;
    if (random.chance(0.7)) {
      const { answer, from, to } = await this.#timed("nextval", () => db.nextval(sequence));
      const values = answer.kind === "lost" ? [] : [valueOf(answer)];
      this.history.operations.push({ kind: "draw", of, values, from, to });
    } else {
      const value = BigInt(random.between(1, 30));
      const isCalled = random.chance(0.5);
      const { answer, from, to } = await this.#timed("setval", () => db.setval(sequence, value, isCalled));
      if (answer.kind !== "lost") expect(valueOf(answer)).toBe(value);
      this.history.operations.push({ kind: "set", of, values: [isCalled ? value + 1n : value], from, to });
    }
  }

  #note(): string {
    return `client ${this.name}, row ${++this.#notes}`;
  }

  /** Inserts a row whose id is drawn by its default, and returns how the insert ended. */
  async #insertRow(db: Queryable, note: string): Promise<Answer<bigint>["kind"]> {
    const insert = sql<{ id: bigint }>`insert into kept (note) values (${note}) returning id`;
    const { answer, from, to } = await this.#timed("insert", () => db.one(insert));
    if (answer.kind !== "lost") {
      this.history.draws.push({ kind: "draw", of: drawnSeq.seqName, values: [valueOf(answer).id], from, to });
    }
    return answer.kind;
  }

  async #insert(): Promise<void> {
    const note = this.#note();
    if ((await this.#insertRow(this.db, note)) === "value") this.history.committed.add(note);
  }

  async #transaction(): Promise<void> {
    const { random, history } = this;
    const [first, inSavepoint, last] = [this.#note(), this.#note(), this.#note()];
    const end = random.pick(["commit", "commit", "throw", "fail"]);
    const keepsSavepoint = random.chance(0.5);
    const { answer } = await this.#timed("transaction", () =>
      this.db.begin(async (tx) => {
        await this.#insertRow(tx, first);
        const drawn = await this.#drawSome(tx);
        if (drawn.length > 0) expect(await tx.currval(drawnSeq)).toBe(drawn.at(-1));
        const saved = tx.savepoint(async (sp) => {
          await this.#insertRow(sp, inSavepoint);
          if (!keepsSavepoint) throw ROLL_BACK;
        });
        await saved.catch((error: unknown) => {
          if (error !== ROLL_BACK) throw error;
        });
        await this.#useSetSequence(tx);
        await this.#insertRow(tx, last);
        if (end === "throw") throw ROLL_BACK;
        if (end === "fail") await tx`select 1 / 0`;
      }),
    );
    if (answer.kind === "lost") return;
    if (end === "commit") expect(answer).toEqual({ kind: "value", value: undefined });
    if (end === "throw") expect(answer).toEqual({ kind: "other error", error: ROLL_BACK });
    if (end === "fail") expect(answer).toMatchObject({ kind: "server error", code: "22012" });
    for (const note of [first, last]) (end === "commit" ? history.committed : history.aborted).add(note);
    (end === "commit" && keepsSavepoint ? history.committed : history.aborted).add(inSavepoint);
  }

  async #session(): Promise<void> {
    await this.#timed("session", () =>
      this.db.session(async (session) => {
        const drawn = await this.#drawSome(session);
        if (drawn.length === 0) return;
        expect(await session.currval(drawnSeq)).toBe(drawn.at(-1));
        expect(await session.lastval()).toBe(drawn.at(-1));
        await this.#useSetSequence(session);
      }),
    ).then(({ answer }) => answer.kind === "lost" || valueOf(answer));
  }
}

/** The value of a call that has to succeed. */
function valueOf<Value>(answer: Answer<Value>): Value {
  if (answer.kind === "value") return answer.value;
  throw answer.error;
}

test("the checkers detect wrong histories", () => {
  const draw = (from: number, to: number, ...values: bigint[]) => ({
    kind: "draw" as const,
    of: "s",
    values,
    from,
    to,
  });
  const set = (from: number, to: number, value: bigint) => ({
    kind: "set" as const,
    of: "s",
    values: [value],
    from,
    to,
  });

  expect(drawFaults([draw(0, 3, 2n), draw(1, 2, 1n), draw(4, 5, 5n, 6n)])).toEqual([]);
  expect(drawFaults([draw(0, 1, 1n), draw(0, 1, 1n)])).toEqual(["1 was drawn twice"]);
  expect(drawFaults([draw(0, 1, 2n), draw(2, 3, 1n)])).toEqual(["1 was drawn after 2"]);
  expect(drawFaults([draw(0, 1, 2n, 1n)])).toEqual(["1 was drawn after 2"]);

  expect(isLinearizable([draw(0, 3, 8n), set(1, 2, 7n), draw(2, 4, 7n)], 1n)).toBe(true);
  expect(isLinearizable([draw(0, 1, 2n), draw(2, 3, 1n)], 1n)).toBe(false);
  expect(isLinearizable([set(0, 1, 7n), draw(2, 3, 8n)], 1n)).toBe(false);
  expect(isLinearizable([set(0, 1, 7n), draw(2, 3, 1n)], 1n)).toBe(false);
  // A lost operation may be executed late, or never.
  expect(isLinearizable([set(0, Infinity, 7n), draw(1, 2, 1n), draw(3, 4, 7n)], 1n)).toBe(true);
  expect(isLinearizable([draw(0, Infinity), draw(1, 2, 1n), draw(3, 4, 3n)], 1n)).toBe(true);
  expect(isLinearizable([draw(0, Infinity), draw(1, 2, 1n), draw(3, 4, 4n)], 1n)).toBe(false);
});
