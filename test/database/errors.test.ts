import {
  alterSequence,
  bind,
  createSequence,
  currval,
  dropSequence,
  grantOnSequence,
  lastval,
  nextval,
  NextvalError,
  pgSchema,
  pgSequence,
  setval,
  sql,
} from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { longTest } from "../support/long-test.js";

const database = useDatabase();
const fullSeq = pgSequence("full_seq", { maxValue: 2 });
const emptySeq = pgSequence("empty_seq", { increment: -1, minValue: -2 });
const quietSeq = pgSequence("quiet_seq");
const missingSeq = pgSchema("billing").sequence("missing_seq");
const weirdSeq = pgSequence('we"ird seq', { maxValue: 2 });
const db = () => bind(database.client);

beforeAll(async () => {
  for (const sequence of [fullSeq, emptySeq, quietSeq, weirdSeq]) await db().query(createSequence(sequence));
});

async function errorOf(work: PromiseLike<unknown>): Promise<NextvalError> {
  const error: unknown = await Promise.resolve(work).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(NextvalError);
  return error as NextvalError;
}

describe("SEQUENCE_EXHAUSTED", () => {
  test("after the last value, in both directions", async () => {
    await db().nextvals(fullSeq, 2);
    expect(await errorOf(db().nextval(fullSeq))).toMatchObject({
      code: "SEQUENCE_EXHAUSTED",
      sequence: "full_seq",
      message: 'full_seq: nextval: reached maximum value of sequence "full_seq" (2)',
      hint: "Raise its maxValue (minValue if it descends), or let it cycle.",
      fix: 'alter sequence "full_seq" no maxvalue',
      cause: { code: "2200H" },
    });
    await db().nextvals(emptySeq, 2);
    expect(await errorOf(db()`select ${nextval(emptySeq)}`)).toMatchObject({
      code: "SEQUENCE_EXHAUSTED",
      sequence: "empty_seq",
      fix: 'alter sequence "empty_seq" no minvalue',
    });
  });

  test("says to widen a sequence that is at the end of its type", async () => {
    const small = pgSequence("small_seq", { as: "smallint" });
    await database.client.unsafe(`
      create sequence small_seq as smallint; create sequence capped_seq maxvalue 2147483647; create sequence big_seq;
      select setval('small_seq', 32767), setval('capped_seq', 2147483647), setval('big_seq', 9223372036854775807)`);
    const widen = (type: string) => `Widen it and its column to bigint, because type ${type} ends there.`;
    const hintOf = async (work: PromiseLike<unknown>) => (await errorOf(work)).hint;
    expect(await hintOf(db().nextval(small))).toBe(widen("smallint"));
    expect(await hintOf(db().nextval(pgSequence("big_seq")))).toBe(
      "A bigint sequence goes no further: start a new range of keys, or let it cycle.",
    );
    // Nothing tells the type of a sequence that the statement does not name.
    expect(await hintOf(db()`select nextval('capped_seq')`)).toBe(
      `${widen("integer")} If it is of a wider type, raise its bound.`,
    );
  });

  test("with SQL that raises its bound", async () => {
    await database.client.unsafe(`
      create sequence low_seq increment -1 minvalue -2; select setval('low_seq', -2);
      create sequence high_seq maxvalue 2147483647; select setval('high_seq', 2147483647);
      create sequence int_seq as integer; select setval('int_seq', 2147483647)`);
    const low = pgSequence("low_seq", { increment: -1, minValue: -2 });
    for (const sequence of [low, pgSequence("high_seq", { maxValue: 2147483647 }), pgSequence("int_seq")]) {
      const { hint, fix } = await errorOf(db().nextval(sequence));
      expect(hint).toBe("Raise its maxValue (minValue if it descends), or let it cycle.");
      await database.client.unsafe(fix!);
      await db().nextval(sequence);
    }
  });

  test("names the one of several sequences that is at its end", async () => {
    const error = await errorOf(db()`select ${nextval(quietSeq)}, ${nextval(fullSeq)}`);
    expect(error).toMatchObject({ code: "SEQUENCE_EXHAUSTED", sequence: "full_seq" });
  });

  test("for a column's default and an identity column, which no template names", async () => {
    await db()`create table defaulted (id bigint default ${nextval(weirdSeq)},
      n bigint generated always as identity (minvalue 0 start with 1 maxvalue 1))`;
    await db()`insert into defaulted default values`;
    expect(await errorOf(db()`insert into defaulted default values`)).toMatchObject({
      code: "SEQUENCE_EXHAUSTED",
      sequence: "defaulted_n_seq",
    });
    await db()`insert into defaulted overriding system value values (1, 1)`;
    expect(await errorOf(db()`insert into defaulted (id) select ${nextval(weirdSeq)}`)).toMatchObject({
      sequence: 'we"ird seq',
    });
  });
});

test("SEQUENCE_NOT_CALLED: currval and lastval before any nextval", async () => {
  const client = database.connect({ max: 1 });
  const own = bind(client);
  expect(await errorOf(own.begin((tx) => tx.currval(quietSeq)))).toMatchObject({
    code: "SEQUENCE_NOT_CALLED",
    sequence: "quiet_seq",
    hint: "Call nextval in the same session or transaction before currval.",
    cause: { code: "55000" },
  });
  expect(await errorOf(own.session((session) => session.lastval()))).toMatchObject({
    code: "SEQUENCE_NOT_CALLED",
    sequence: undefined,
  });
});

test("SEQUENCE_NOT_FOUND: with the name as declared", async () => {
  expect(await errorOf(db().nextval(missingSeq))).toMatchObject({
    code: "SEQUENCE_NOT_FOUND",
    sequence: "billing.missing_seq",
  });
  await db()`create schema billing`;
  expect(await errorOf(db()`select ${nextval(quietSeq)}, ${nextval(missingSeq)}`)).toMatchObject({
    code: "SEQUENCE_NOT_FOUND",
    sequence: "billing.missing_seq",
    message: 'billing.missing_seq: relation "billing.missing_seq" does not exist',
    hint: "Create it with createSequence, or look at its schema and the search_path.",
  });
  expect(await errorOf(db().query(alterSequence(missingSeq, { cache: 2 })))).toMatchObject({
    code: "SEQUENCE_NOT_FOUND",
  });
});

test("SEQUENCE_OUT_OF_BOUNDS: from the server, when the declaration does not know", async () => {
  await db()`alter sequence quiet_seq maxvalue 1000`;
  expect(await errorOf(db().setval(quietSeq, 1001))).toMatchObject({
    code: "SEQUENCE_OUT_OF_BOUNDS",
    sequence: "quiet_seq",
    cause: { code: "22003" },
  });
  expect(await errorOf(db()`select ${setval(quietSeq, sql`5000`)}`)).toMatchObject({ code: "SEQUENCE_OUT_OF_BOUNDS" });
});

describe("PERMISSION_DENIED", () => {
  const role = `nextval_app_${Math.random().toString(36).slice(2)}`;
  const secretSeq = pgSequence("secret_seq");
  const asRole = () => {
    const url = new URL(database.url);
    return bind(database.connect({ user: role, password: "secret", host: url.hostname, port: Number(url.port) }));
  };

  beforeAll(async () => {
    await db().query(createSequence(secretSeq));
    await db()`create role ${sql.identifier(role)} login password 'secret'`;
    return async () => {
      await db()`drop owned by ${sql.identifier(role)}`;
      await db()`drop role ${sql.identifier(role)}`;
    };
  });

  test("with the grant that fixes it", async () => {
    const app = asRole();
    const error = await errorOf(app.nextval(secretSeq));
    expect(error).toMatchObject({
      code: "PERMISSION_DENIED",
      sequence: "secret_seq",
      message: "secret_seq: permission denied for sequence secret_seq",
      hint: "Run the fix as its owner.",
      fix: `grant usage on sequence "secret_seq" to "${role}"`,
      cause: { code: "42501" },
    });
    await database.client.unsafe(error.fix!);
    expect(await app.nextval(secretSeq)).toBe(1n);
    const update = await errorOf(app.setval(secretSeq, 5));
    expect(update.fix).toBe(`grant update on sequence "secret_seq" to "${role}"`);
    await db().query(grantOnSequence(secretSeq, "update", role));
    expect(await app.setval(secretSeq, 5)).toBe(5n);
  });

  longTest("without a role that may not have run the statement", async () => {
    const hint = "Let its owner grant usage on it.";
    await db()`
      create function draw_secret() returns bigint security definer set search_path from current language sql
      begin atomic select nextval('secret_seq'); end`;
    await db()`alter function draw_secret() owner to pg_monitor`;
    const denied = await errorOf(asRole()`select draw_secret()`);
    expect(denied).toMatchObject({ code: "PERMISSION_DENIED", hint });
    const monitor = bind(database.connect({ connection: { role: "pg_monitor" } }));
    expect(await errorOf(monitor.nextval(secretSeq))).toMatchObject({ code: "PERMISSION_DENIED", hint });
    const { client } = database;
    const changed = client.begin(async (own) => {
      await own`set local role pg_monitor`;
      await bind(own).nextval(secretSeq);
    });
    await expect(changed).rejects.toMatchObject({ code: "PERMISSION_DENIED", hint });
    const session = bind(database.connect()).session(async (own) => {
      await own`set session authorization pg_monitor`;
      await own.nextval(secretSeq);
    });
    await expect(session).rejects.toMatchObject({ code: "PERMISSION_DENIED", hint });
  });

  test("for alter, which needs the owner", async () => {
    expect(await errorOf(asRole().query(alterSequence(secretSeq, { cache: 2 })))).toMatchObject({
      code: "PERMISSION_DENIED",
      sequence: "secret_seq",
      hint: "Connect as its owner.",
    });
  });

  test("an error about a table is not translated", async () => {
    await db()`create table private (id bigint)`;
    const insert = asRole()`insert into private (id) values (${nextval(secretSeq)})`;
    await expect(insert).rejects.toMatchObject({ code: "42501", message: "permission denied for table private" });
    await expect(insert).rejects.not.toBeInstanceOf(NextvalError);
  });
});

test("READ_ONLY: nextval and setval in a read-only transaction", async () => {
  expect(await errorOf(db().begin("read only", (tx) => tx.nextval(quietSeq)))).toMatchObject({
    code: "READ_ONLY",
    hint: "Draw and set values on the primary, in a transaction that may write.",
    cause: { code: "25006" },
  });
  expect(await errorOf(db().begin("read only", (tx) => tx.setval(quietSeq, 5)))).toMatchObject({
    code: "READ_ONLY",
    sequence: "quiet_seq",
  });
  const write = db().begin("read only", async (tx) => tx`create table t (id integer)`);
  await expect(write).rejects.toMatchObject({ code: "25006", name: "PostgresError" });
});

test("SESSION_REQUIRED names the sequence", async () => {
  expect(await errorOf(db()`select ${currval(quietSeq)}`)).toMatchObject({
    code: "SESSION_REQUIRED",
    sequence: "quiet_seq",
  });
  expect(await errorOf(db()`select ${lastval()}`)).toMatchObject({ code: "SESSION_REQUIRED", sequence: undefined });
});

describe("the sequence that an error names", () => {
  const endlessSeq = pgSequence("endless_seq");
  const usedUpSeq = pgSequence("used_up_seq", { maxValue: 2 });
  const here = pgSchema("here").sequence("dup_seq", { maxValue: 2 });
  const there = pgSchema("there").sequence("dup_seq", { maxValue: 2 });

  beforeAll(async () => {
    await db()`create schema here`;
    await db()`create schema there`;
    for (const sequence of [endlessSeq, usedUpSeq, here, there]) await db().query(createSequence(sequence));
    await db()`create table drawing (id bigint default ${nextval(usedUpSeq)}, x bigint)`;
    await db().nextvals(usedUpSeq, 2);
    await db().nextvals(there, 2);
  });

  test("is that of a default, not the one in the statement", async () => {
    const insert = db()`insert into drawing (x) values (${nextval(endlessSeq)})`;
    expect(await errorOf(insert)).toMatchObject({ code: "SEQUENCE_EXHAUSTED", sequence: "used_up_seq" });
  });

  test("is given by its bare name if two have it", async () => {
    const both = db()`select ${nextval(here)}, ${nextval(there)}`;
    expect(await errorOf(both)).toMatchObject({ code: "SEQUENCE_EXHAUSTED", sequence: "dup_seq" });
  });

  test("is not guessed from a word of the message", async () => {
    const existSeq = pgSequence("exist");
    await db().query(createSequence(existSeq));
    const other = db()`select ${nextval(existSeq)} from nowhere`;
    await expect(other).rejects.toMatchObject({ name: "PostgresError", code: "42P01" });
  });

  test("is found among several that a statement drops", async () => {
    const gone = dropSequence([endlessSeq, pgSequence("gone_seq")]);
    expect(await errorOf(db().query(gone))).toMatchObject({ code: "SEQUENCE_NOT_FOUND", sequence: "gone_seq" });
  });
});

test("INVALID_OPTIONS and INVALID_TEMPLATE come before anything is sent", async () => {
  expect(() => pgSequence("order_seq", { startWith: 0 as number })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTIONS", sequence: "order_seq", name: "NextvalError" }),
  );
  expect(() => sql`select ${Number as never}`).toThrow(expect.objectContaining({ code: "INVALID_TEMPLATE" }));
});

test("other errors of the server pass through untouched", async () => {
  await db()`create table unique_ids (id bigint primary key)`;
  await db()`insert into unique_ids values (1)`;
  const cases: [() => PromiseLike<unknown>, string][] = [
    [() => db()`select 1 from nowhere where ${nextval(quietSeq)} > 0`, "42P01"],
    [() => db()`insert into unique_ids values (1)`, "23505"],
    [() => db()`select ${nextval(quietSeq)}, 1/0`, "22012"],
    [() => db()`select ${nextval(quietSeq)}, ${"99999999999"}::integer`, "22003"],
    [() => db()`selec 1`, "42601"],
    [() => db().begin(async (tx) => tx`insert into unique_ids values (1)`), "23505"],
    [() => db().session(async (session) => session`insert into unique_ids values (1)`), "23505"],
  ];
  for (const [work, code] of cases) {
    const error: unknown = await Promise.resolve(work()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "PostgresError", code });
    expect(error).not.toBeInstanceOf(NextvalError);
  }
});

test.each(["22P02", "42804", "2200H", "42P01", "55000", "22003", "42501", "25006", "3F000"])(
  "text of a user in an error %s, however long, does not hold up the process",
  async (code) => {
    const text = `${'"a'.repeat(80_000)}\nb`;
    const statement =
      code === "22P02"
        ? sql`select ${text}::text::int, ${nextval(quietSeq)}`
        : sql`do ${sql.literal(`begin raise exception using errcode = '${code}', message = '${text}'; end`)}
          ${sql.empty}`;
    const marked = sql`${statement} ${code === "22P02" ? sql`where ${nextval(quietSeq)} > 0` : sql.empty}`;
    const start = process.cpuUsage();
    const error: unknown = await Promise.resolve(db().query(marked)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000);
  },
);
