import { bind, type Database, NextvalError, sql, type Transaction } from "nextval";
import { gaplessCounter } from "nextval/allocate";
import postgres from "postgres";
import { beforeEach, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";
import { range } from "../../support/ranges.js";

const database = useDatabase();
let db: Database;

beforeEach(async () => {
  db = bind(database.client);
  await database.client.unsafe(
    "drop schema if exists billing cascade; drop schema public cascade; create schema public",
  );
  await db`create table invoices (no bigint primary key, note text)`;
});

const invoiceNo = gaplessCounter("invoice_no");

async function numbers(db: Database): Promise<bigint[]> {
  return (await db<{ no: bigint }>`select no from invoices order by no`).map(({ no }) => no);
}

test("counts from 1, without a row that has to exist before", async () => {
  await db.query(invoiceNo.create());
  await db.query(invoiceNo.create());
  expect(await db.begin((tx) => invoiceNo.next(tx))).toBe(1n);
  expect(await db.begin(async (tx) => [await invoiceNo.next(tx), await invoiceNo.next(tx)])).toEqual([2n, 3n]);
  expect(await db.session((session) => session.begin((tx) => invoiceNo.next(tx)))).toBe(4n);
});

test("its statements", async () => {
  expect(invoiceNo.create().text).toMatch(
    new RegExp(
      `^do 'begin\n {2}begin\n {4}create table if not exists "gapless_counter" ` +
        String.raw`\("name" pg_catalog.text primary key, "value" bigint not null\);\n`,
    ),
  );
  expect(gaplessCounter("no", { schema: 'we"ird' }).create().text).toContain('"we""ird"."gapless_counter"');
});

test("a table of another role is refused, because its triggers would run", async () => {
  const other = `nextval_gapless_${process.pid}`;
  await database.client.unsafe(`create schema taken; create role ${other}; create table taken.gapless_counter (n int);
    alter table taken.gapless_counter owner to ${other}`);
  const counter = gaplessCounter("no", { schema: "taken" });
  await expect(db.query(counter.create())).rejects.toMatchObject({
    code: "42501",
    message: '"taken"."gapless_counter" belongs to another role, whose triggers would run as the role that draws',
  });
  // Since PostgreSQL 16, a role is a member of each role that it creates, without its privileges.
  const admin = `${other}_admin`;
  await database.client.unsafe(`drop table taken.gapless_counter; drop role ${other};
    create role ${admin} createrole; grant all on schema taken to public; set role ${admin}; create role ${other};
    reset role; create table taken.gapless_counter (n int); alter table taken.gapless_counter owner to ${other}`);
  const createAs = (role: string) =>
    db.begin(async (tx) => {
      await tx`set local role ${sql.identifier(role)}`;
      await tx.query(counter.create());
    });
  await expect(createAs(admin)).rejects.toMatchObject({ code: "42501" });
  // Such a role can also make others members of it. What a superuser grants is meant.
  const app = `${other}_app`;
  await database.client.unsafe(`create role ${app}; set role ${admin}; grant ${other} to ${app}; reset role`);
  await expect(createAs(app)).rejects.toMatchObject({ code: "42501" });
  await database.client.unsafe(`drop role ${app}; create role ${app}; grant ${other} to ${app}`);
  await createAs(app);
  await database.client.unsafe(`alter schema taken owner to ${other}`);
  await db.query(counter.create());
  await database.client.unsafe(`drop schema taken cascade; drop role ${other}, ${admin}, ${app}`);
});

test("code of another role on the table is refused", async () => {
  const other = `nextval_gapless_code_${process.pid}`;
  await db.query(invoiceNo.create());
  await database.client.unsafe(`create role ${other};
    create function f() returns trigger language plpgsql as 'begin return new; end'; alter function f owner to ${other};
    create trigger t before update on gapless_counter for each row execute function f()`);
  await expect(db.query(invoiceNo.create())).rejects.toMatchObject({
    code: "42501",
    message: '"gapless_counter" has code of another role, which would run as the role that draws (function f())',
  });
  await database.client.unsafe(`drop function f cascade; drop role ${other}`);
  await db.query(invoiceNo.create());
});

longTest("several programs may create the table at the same time", async () => {
  const programs = Array.from({ length: 8 }, () => bind(database.connect({ max: 1 })));
  await Promise.all(programs.map((program) => program`select 1`));
  for (const schema of ["plain", "it's $$ we\\ird"]) {
    for (let round = 0; round < 10; round++) {
      await database.client`drop schema if exists ${database.client(schema)} cascade`;
      await database.client`create schema ${database.client(schema)}`;
      const counter = gaplessCounter("no", { schema });
      await Promise.all(programs.map((program) => program.query(counter.create())));
      expect(await db.begin((tx) => counter.next(tx))).toBe(1n);
    }
    await database.client`drop schema ${database.client(schema)} cascade`;
  }
});

test("each counter counts separately, from its start, whatever its name", async () => {
  await db`create schema billing`;
  const names = ["a", "A", "it's", 'quo"te', "back\\slash", "名".repeat(500), "invoice_no_2026"];
  const counters = names.map((name, index) => gaplessCounter(name, { schema: "billing", startWith: index * 1000 - 1 }));
  await db.query(counters[0]!.create());
  for (let round = 0; round < 3; round++) {
    for (const [index, counter] of counters.entries()) {
      expect(await db.begin((tx) => counter.next(tx))).toBe(BigInt(index * 1000 - 1 + round));
    }
  }
  expect((await db`select * from billing.gapless_counter`).count).toBe(names.length);
});

test("a rollback returns the number, also a rollback to a savepoint", async () => {
  await db.query(invoiceNo.create());
  await expect(
    db.begin(async (tx) => {
      expect(await invoiceNo.next(tx)).toBe(1n);
      throw new Error("no invoice after all");
    }),
  ).rejects.toThrow("no invoice after all");
  await db.begin(async (tx) => {
    expect(await invoiceNo.next(tx)).toBe(1n);
    await tx
      .savepoint(async (inner) => {
        expect(await invoiceNo.next(inner)).toBe(2n);
        throw new Error("not this one");
      })
      .catch(() => {});
    expect(await invoiceNo.next(tx)).toBe(2n);
  });
  expect(await db.begin((tx) => invoiceNo.next(tx))).toBe(3n);
});

test("writers queue, also during the first use of a counter", async () => {
  await db.query(invoiceNo.create());
  const others = bind(database.connect({ max: 10 }));
  let waiting: Promise<bigint>[] = [];
  await expect(
    db.begin(async (tx) => {
      expect(await invoiceNo.next(tx)).toBe(1n);
      waiting = Array.from({ length: 5 }, () => others.begin((theirs) => invoiceNo.next(theirs)));
      const settled = await Promise.race([
        Promise.any(waiting),
        new Promise((resolve) => setTimeout(resolve, 100, "none")),
      ]);
      expect(settled).toBe("none");
      throw new Error("rolled back");
    }),
  ).rejects.toThrow("rolled back");
  expect((await Promise.all(waiting)).sort((a, b) => Number(a - b))).toEqual(range(1, 5));
});

test("concurrent transactions, of which many roll back, leave no gap and no duplicate", async () => {
  await db.query(invoiceNo.create());
  const many = bind(database.connect({ max: 8 }));
  const results = await Promise.allSettled(
    Array.from({ length: 120 }, (_, index) =>
      many.begin(async (tx) => {
        if (index % 3 === 0) await tx`select pg_sleep(0.001)`;
        const no = await invoiceNo.next(tx);
        await tx`insert into invoices (no, note) values (${no}, ${`${index}`})`;
        if (index % 4 === 0) throw new Error("by the program");
        if (index % 4 === 1) await tx`select 1 / 0`;
        return no;
      }),
    ),
  );
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(60);
  expect(await numbers(db)).toEqual(range(1, 60));
});

test("a number is only drawn in a transaction", async () => {
  await db.query(invoiceNo.create());
  const refusal = {
    code: "TRANSACTION_REQUIRED",
    message: "invoice_no: a number without gaps needs a transaction, so a rollback can return it",
    hint: "Pass the handle of db.begin, or of bind(tx) for a transaction of a query builder.",
  };
  await expect(invoiceNo.next(db as never)).rejects.toMatchObject(refusal);
  await expect(db.session((session) => invoiceNo.next(session as never))).rejects.toMatchObject(refusal);
  for (const wrong of [undefined, null, {}, database.client]) {
    await expect(invoiceNo.next(wrong as never)).rejects.toMatchObject(refusal);
  }
  let ended: Transaction | undefined;
  await db.begin((tx) => {
    ended = tx;
  });
  await expect(invoiceNo.next(ended!)).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
});

test("clients with their own transforms and parsers get the same", async () => {
  await db.query(invoiceNo.create());
  const theirs = bind(database.connect({ max: 1, transform: postgres.toCamel, types: { bigint: postgres.BigInt } }));
  expect(await theirs.begin((tx) => invoiceNo.next(tx))).toBe(1n);
});

test("the server's errors name what is missing", async () => {
  await expect(db.begin((tx) => invoiceNo.next(tx))).rejects.toMatchObject({
    code: "COUNTER_NOT_FOUND",
    message: "invoice_no: there is no table gapless_counter",
    hint: expect.stringContaining("await db.query(counter.create())"),
    cause: { code: "42P01" },
  });
  await db.query(invoiceNo.create());
  await expect(db.begin("read only", (tx) => invoiceNo.next(tx))).rejects.toThrow("read-only transaction");
  const last = gaplessCounter("last", { startWith: 2n ** 63n - 1n });
  expect(await db.begin((tx) => last.next(tx))).toBe(2n ** 63n - 1n);
  await expect(db.begin((tx) => last.next(tx))).rejects.toThrow("bigint out of range");
});

test("a waiting transaction with repeatable read has to try again", async () => {
  await db.query(invoiceNo.create());
  await db.begin((tx) => invoiceNo.next(tx));
  const other = bind(database.connect({ max: 1 }));
  const failed = await other
    .begin("isolation level repeatable read", async (tx) => {
      await tx`select 1`;
      await db.begin((theirs) => invoiceNo.next(theirs));
      return invoiceNo.next(tx);
    })
    .catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "40001" });
});

test.each([
  ["", undefined, 'gaplessCounter takes a name of 1 to 500 characters without NUL or half a surrogate pair, not ""'],
  ["a\0", undefined, "gaplessCounter takes a name of 1 to 500 characters"],
  ["\ud800", undefined, "gaplessCounter takes a name of 1 to 500 characters"],
  ["x".repeat(501), undefined, "gaplessCounter takes a name of 1 to 500 characters"],
  [5, undefined, "not number"],
  ["no", { startWith: 1.5 }, "no: startWith must be an integer within 64 bits, not 1.5"],
  [
    "no",
    { startWith: "9223372036854775808" },
    "no: startWith must be an integer within 64 bits, not 9223372036854775808",
  ],
  ["no", { startWith: "01" }, "no: startWith must be an integer within 64 bits, not 01"],
  ["no", null, "gaplessCounter takes options as an object, not null"],
  ["no", { schema: "" }, "the schema name is empty"],
])("refuses %j with %j", (name, options, message) => {
  expect(() => gaplessCounter(name as string, options as {})).toThrow(message);
  expect(() => gaplessCounter(name as string, options as {})).toThrow(NextvalError);
});
