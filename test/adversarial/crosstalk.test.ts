import { setTimeout as sleep } from "node:timers/promises";
import { bind, createSequence, type Database, type Queryable, nextval, pgSequence, type Query, sql } from "nextval";
import { beforeAll, expect } from "vitest";
import { type Answer, answerOf } from "../support/attacks/answer.js";
import { attack, type Round } from "../support/attacks/attack.js";
import type { Random } from "../support/attacks/random.js";
import { useDatabase } from "../support/database.js";

const POOLS = [1, 3, 10];
/** 500 statements at the same time. */
const ON_THE_POOL = 300;
const TRANSACTIONS = 5;
const SESSIONS = 5;
const IN_EACH = 20;

const database = useDatabase();
const drawnSeq = pgSequence("drawn_seq");

beforeAll(async () => {
  const db = bind(database.client);
  await db.query(createSequence(drawnSeq));
  await db`create type mood as enum ('glad', 'sad')`;
  await db`create table kept (id integer primary key, at timestamptz, note text)`;
});

/** A statement, and the only answers that it may get. Each contains the number that the statement was given. */
interface Kind {
  readonly name: string;
  readonly call: (db: Queryable, id: number) => Query<any>;
  /** The rows. */
  readonly rows?: (id: number) => unknown[];
  /** The codes that it may fail with: the server's, or the library's if it refuses a value. */
  readonly fails?: string[];
  /** Text that the message of the error must contain. */
  readonly because?: (id: number) => string;
  readonly inserts?: boolean;
  /** Returns a row with a value that no other statement has drawn. */
  readonly draws?: boolean;
}

const own = (id: number) => `value of ${id}`;

/** One template for good and bad values of every type, so the server has prepared it when a bad one comes. */
const CASTS = {
  text: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::text as value`,
  integer: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::integer as value`,
  bigint: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::bigint as value`,
  numeric: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::numeric as value`,
  boolean: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::boolean as value`,
  timestamptz: (db: Queryable, id: number, value: any) =>
    db`select ${id}::integer as id, ${value}::timestamptz as value`,
  date: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::date::text as value`,
  bytea: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::bytea as value`,
  uuid: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::uuid as value`,
  jsonb: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::jsonb as value`,
  "integer[]": (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::integer[] as value`,
  mood: (db: Queryable, id: number, value: any) => db`select ${id}::integer as id, ${value}::mood as value`,
  // The server infers the type.
  "compared timestamptz": (db: Queryable, id: number, value: any) =>
    db`select ${id}::integer as id, true as value where pg_postmaster_start_time() > ${value}`,
} satisfies Record<string, (db: Queryable, id: number, value: any) => Query<any>>;
type Cast = keyof typeof CASTS;
type Of<Thing> = (id: number) => Thing;

/** Values that the server returns as they were given, unless stated. */
const GOOD: readonly (readonly [Cast, given: Of<unknown>, value?: Of<unknown>])[] = [
  ["text", own],
  ["text", () => null],
  ["integer", (id) => id],
  ["bigint", (id) => BigInt(id) + 2n ** 60n],
  ["numeric", (id) => `${id}.5`],
  ["boolean", (id) => id % 2 === 0],
  ["timestamptz", (id) => new Date(Date.UTC(2026, 0) + id)],
  ["timestamptz", (id) => new Date(id).toISOString(), (id) => new Date(id)],
  ["date", (id) => `20${String((id % 90) + 10)}-01-01`],
  ["bytea", (id) => Buffer.from(own(id))],
  ["uuid", (id) => `00000000-0000-0000-0000-${String(id).padStart(12, "0")}`],
  ["jsonb", (id) => ({ own: own(id), list: [id, { a: null }] })],
  // A plain object is JSON, whatever properties it has.
  ["jsonb", (id) => ({ toString: id, valueOf: 1 })],
  ["text", (id) => ({ toString: id, valueOf: 1 }), (id) => `{"toString":${id},"valueOf":1}`],
  ["integer[]", (id) => [id, -id]],
  ["mood", (id) => (id % 2 ? "glad" : "sad")],
  ["compared timestamptz", () => "2020-01-01", () => true],
];

/** Values that the server refuses, for their own statement alone. */
const BAD: readonly (readonly [Cast, given: Of<unknown>, codes: string[], because?: Of<string>])[] = [
  ["integer", own, ["22P02"], own],
  ["bigint", own, ["22P02"], own],
  ["numeric", own, ["22P02"], own],
  ["boolean", own, ["22P02"], own],
  ["uuid", own, ["22P02"], own],
  ["mood", own, ["22P02"], own],
  ["date", own, ["22007"], own],
  ["timestamptz", own, ["22007"], own],
  ["compared timestamptz", own, ["22007"], own],
  ["timestamptz", () => JSON.parse('{"$gt":""}'), ["22007"], () => "$gt"],
  ["compared timestamptz", () => JSON.parse('{"$gt":""}'), ["22007"], () => "$gt"],
  ["compared timestamptz", (id) => ({ toString: id, valueOf: 1 }), ["22007"], (id) => `"toString":${id}`],
  ["timestamptz", (id) => 7 + id / 8, ["22007", "22008"]],
  ["timestamptz", (id) => BigInt(id), ["42846"]],
  ["timestamptz", () => true, ["42846"]],
  ["date", (id) => `2026-02-3${id % 10}`, ["22007", "22008"], (id) => `2026-02-3${id % 10}`],
  ["integer", (id) => id + 0.5, ["22P02"], (id) => `${id + 0.5}`],
  ["integer", (id) => 2 ** 40 + id, ["22003"], (id) => `${2 ** 40 + id}`],
  ["integer", () => new Date(0), ["42846"]],
  ["bigint", (id) => 2n ** 70n + BigInt(id), ["22003"]],
  ["bytea", (id) => `\\xzz${own(id)}`, ["22023"]],
  ["jsonb", (id) => `{broken ${own(id)}`, ["22P02"]],
  ["integer[]", (id) => [own(id)], ["22P02"], own],
  ["integer[]", (id) => `{${own(id)}`, ["22P02"], own],
  ["text", (id) => `${own(id)}\0`, ["22021", "INVALID_TEMPLATE"]],
];

const cyclic = () => {
  const thing: Record<string, unknown> = {};
  thing["itself"] = { thing };
  return thing;
};
const throwing = () => ({
  toJSON() {
    throw new Error("toJSON throws");
  },
});
const throwingGetter = () => ({
  get value() {
    throw new Error("a getter throws");
  },
});

/** Values that have no text at all. */
const UNWRITABLE: readonly (() => unknown)[] = [
  cyclic,
  throwing,
  throwingGetter,
  () => ({ big: 1n }),
  () => [cyclic()],
  () => new Date(NaN),
  () => undefined,
  () => () => 1,
  () => Promise.resolve(1),
];

/** Together with one value before them, one more than a statement may have. */
const TOO_MANY = sql.join(Array.from({ length: 65_533 }, (_, index) => index));

const castKinds: Kind[] = [
  ...GOOD.map(([cast, given, value = given]): Kind => {
    const name = `${String(given)} as ${cast}`;
    return { name, call: (db, id) => CASTS[cast](db, id, given(id)), rows: (id) => [{ id, value: value(id) }] };
  }),
  ...BAD.map(([cast, given, fails, because]): Kind => {
    const name = `${String(given)} as ${cast}`;
    return { name, call: (db, id) => CASTS[cast](db, id, given(id)), fails, ...(because && { because }) };
  }),
  ...UNWRITABLE.flatMap((given) =>
    (["text", "jsonb", "compared timestamptz"] as const).map((cast): Kind => {
      const name = `${String(given)} as ${cast}`;
      return { name, call: (db, id) => CASTS[cast](db, id, given()), fails: ["INVALID_TEMPLATE"] };
    }),
  ),
];

const otherKinds: Kind[] = [
  {
    name: "slow select",
    call: (db, id) => db`select ${id}::integer as id, pg_sleep(0.01)::text as slept`,
    rows: (id) => [{ id, slept: "" }],
  },
  {
    name: "several rows",
    call: (db, id) => db`select ${id}::integer + n as id from generate_series(1, 3) as n`,
    rows: (id) => [1, 2, 3].map((n) => ({ id: id + n })),
  },
  { name: "no rows", call: (db, id) => db`select 1 where ${id}::integer is null`, rows: () => [] },
  {
    name: "insert",
    call: (db, id) => db`insert into kept values (${id}, ${new Date(id)}, ${own(id)}) returning id, note`,
    rows: (id) => [{ id, note: own(id) }],
    inserts: true,
  },
  {
    name: "failing insert",
    call: (db, id) => db`insert into kept values (${id}, ${own(id)}, ${own(id)})`,
    fails: ["22007"],
    because: own,
    inserts: true,
  },
  { name: "draw", call: (db) => db`select ${nextval(drawnSeq).as("drawn")}`, draws: true },
  { name: "a value without a type", call: (db, id) => db`select ${id} is null`, fails: ["42P18"] },
  { name: "division by zero", call: (db, id) => db`select ${id}::integer / 0`, fails: ["22012"] },
  {
    name: "rows, and then an error",
    call: (db, id) => db`select ${id}::integer / (3 - n) from generate_series(1, 4) as n`,
    fails: ["22012"],
  },
  {
    name: "syntax error",
    call: (db, id) => db`selec_${sql.raw(`${id}`)} 1`,
    fails: ["42601"],
    because: (id) => `selec_${id}`,
  },
  {
    name: "missing column",
    call: (db, id) => db`select ${sql.identifier(`no ${id}`)}, ${id}::integer`,
    fails: ["42703"],
    because: (id) => `no ${id}`,
  },
];
const tooMany: Kind = {
  name: "65,534 values",
  call: (db, id) => db`select ${id}::integer where 1 in (${TOO_MANY})`,
  fails: ["INVALID_TEMPLATE"],
};

/** Two thirds are good ones, which a bad one could harm. */
function pickKind(random: Random): Kind {
  if (random.chance(0.004)) return tooMany;
  if (random.chance(0.3)) return random.pick(otherKinds);
  const isGood = random.chance(0.6);
  return random.pick(castKinds.filter(({ rows }) => (rows !== undefined) === isGood));
}

attack("crosstalk: 500 statements at once, with bad values and cancels", async (round) => {
  const ledger = new Ledger(round);
  await database.client`truncate kept`;
  for (const max of POOLS) await attackPool(max, ledger, round);
  ledger.compare((await database.client`select id from kept`).map(({ id }) => id as number));
});

async function attackPool(max: number, ledger: Ledger, { random, seed, count }: Round): Promise<void> {
  const name = `crosstalk ${seed} ${max}`;
  const client = database.connect({ max, connection: { application_name: name } });
  const db = bind(client);
  const many = (amount: number, work: () => Promise<void>) => Array.from({ length: amount }, work);

  await Promise.all([
    ...many(ON_THE_POOL, () => ledger.call(db, random).then((inserted) => ledger.keep(inserted))),
    ...many(SESSIONS, async () => {
      const work = async (session: Queryable) => {
        await Promise.all(many(IN_EACH, () => ledger.call(session, random).then((id) => ledger.keep(id))));
      };
      expect(await answerOf("a session", () => db.session(work))).toEqual({ kind: "value", value: undefined });
    }),
    ...many(TRANSACTIONS, () => attackInTransaction(db, ledger, random)),
  ]);

  const healthy = [
    ...many(max * 3, async () => {
      const id = ledger.nextId();
      const answer = await answerOf("a healthy pool", () => CASTS.text(db, id, own(id)));
      expect(answer).toEqual({ kind: "value", value: [{ id, value: own(id) }] });
    }),
    ...many(max * 3, async () => {
      const id = ledger.nextId();
      const answer = await answerOf("a healthy transaction", () => db.begin((tx) => [CASTS.text(tx, id, own(id))]));
      expect(answer).toEqual({ kind: "value", value: [[{ id, value: own(id) }]] });
    }),
  ];
  await Promise.all(healthy);
  count("health checks", healthy.length);
  const states = async () =>
    (await database.client`select state from pg_stat_activity where application_name = ${name}`).map(
      ({ state }) => state as string,
    );
  // The server reports it a moment after the answer.
  await expect.poll(async () => new Set(await states()), { interval: 5 }).toEqual(new Set(["idle"]));
  expect((await states()).length).toBeLessThanOrEqual(max);
  await client.end({ timeout: 1 });
}

/** A failed statement fails the later ones in its transaction. The inserted rows exist if all is committed. */
async function attackInTransaction(db: Database, ledger: Ledger, random: Random): Promise<void> {
  // Half of the transactions have no failure, so they have to be committed.
  const onlyGood = random.chance(0.5);
  const inserted: (number | undefined)[] = [];
  let failures = 0;
  const onFailure = () => void failures++;
  const answer = await answerOf("a transaction", () =>
    db.begin(async (tx) => {
      const calls = Array.from({ length: IN_EACH }, () => ledger.call(tx, random, { onlyGood, onFailure }));
      inserted.push(...(await Promise.all(calls)));
    }),
  );
  if (answer.kind === "value") {
    expect(failures, "failed statements of a transaction that was committed").toBe(0);
    for (const id of inserted) ledger.keep(id);
  } else {
    expect(onlyGood, "a transaction without a failed statement was rolled back").toBe(false);
    // It fails with its first failure, or because it was rolled back.
    expect(answer.kind, String(answer.error)).toMatch(/^(server error|refused)$/);
    for (const id of inserted) ledger.lose(id);
  }
}

interface InTransaction {
  readonly onlyGood: boolean;
  readonly onFailure: () => void;
}

/** Checks that every answer belongs to its statement, and records the inserted rows. */
class Ledger {
  readonly #count: Round["count"];
  #lastId = 0;
  readonly #drawn = new Set<unknown>();
  readonly #present = new Set<number>();
  readonly #absent = new Set<number>();

  constructor({ count }: Round) {
    this.#count = count;
  }

  nextId(): number {
    return (this.#lastId += 10);
  }

  keep(id: number | undefined): void {
    if (id !== undefined) this.#present.add(id);
  }

  lose(id: number | undefined): void {
    if (id !== undefined) this.#absent.add(id);
  }

  /** Runs a statement of any kind. Returns its number if it has inserted a row. */
  async call(db: Queryable, random: Random, transaction?: InTransaction): Promise<number | undefined> {
    const id = this.nextId();
    let kind = pickKind(random);
    while (transaction?.onlyGood && kind.fails !== undefined) kind = pickKind(random);
    const isCancelled = !transaction?.onlyGood && random.chance(0.1);
    const what = `${kind.name} with ${id}`;
    this.#count("statements");
    const answer = await answerOf(what, () => {
      const query = kind.call(db, id);
      const running = query.then((rows) => [...rows]);
      if (isCancelled) void cancelLater(query, random);
      return running;
    });
    const code = "code" in answer ? answer.code : undefined;
    if (isCancelled && code === "57014") {
      this.#count("cancelled");
      return undefined;
    }
    if (answer.kind === "server error") transaction?.onFailure();
    if (transaction !== undefined && code === "25P02") {
      this.#count("after a failure of the transaction");
    } else {
      this.#judge(kind, id, what, answer);
      if (kind.inserts && answer.kind === "value") return id;
      if (kind.inserts) this.lose(id);
    }
    return undefined;
  }

  #judge(kind: Kind, id: number, what: string, answer: Answer<unknown[]>): void {
    this.#count(answer.kind === "value" ? "answered" : answer.kind === "refused" ? "refused" : "failed");
    if (kind.draws) {
      const value: any = answer.kind === "value" ? answer.value[0] : undefined;
      expect({ what, answer }).toEqual({ what, answer: { kind: "value", value: [{ drawn: expect.any(BigInt) }] } });
      expect(this.#drawn.has(value.drawn), `${value.drawn} was drawn before`).toBe(false);
      this.#drawn.add(value.drawn);
    } else if (kind.fails === undefined) {
      expect({ what, answer }).toEqual({ what, answer: { kind: "value", value: kind.rows?.(id) } });
    } else {
      const error = answer.kind === "value" || answer.kind === "other error" ? undefined : answer;
      expect({ what, answer, code: error?.code }).toEqual({ what, answer, code: expect.toBeOneOf(kind.fails) });
      expect({ what, message: error?.error.message }).toEqual({
        what,
        message: expect.stringContaining(error?.kind === "server error" ? (kind.because?.(id) ?? "") : ""),
      });
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
      "rows of statements that failed",
    ).toEqual([]);
  }
}

/** Cancels a statement before it is sent, in the same turn, or while it runs or waits. */
async function cancelLater(query: Query<any>, random: Random): Promise<void> {
  const when = random.pick(["at once", "next microtask", "next turn", "later"]);
  if (when === "next microtask") await Promise.resolve();
  if (when === "next turn") await new Promise((resolve) => setImmediate(resolve));
  if (when === "later") await sleep(random.between(1, 30));
  query.cancel();
}
