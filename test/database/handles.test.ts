import { bind, createSequence, currval, nextval, pgSequence, setval, sql } from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { longTest } from "../support/long-test.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq");
const ticketSeq = pgSequence("ticket_seq", { as: "integer" });
const textSeq = pgSequence("text_seq", { mode: "string", startWith: "9223372036854775806" });
const missingSeq = pgSequence("missing_seq");

const db = () => bind(database.client);

beforeAll(async () => {
  for (const sequence of [orderSeq, ticketSeq, textSeq]) await db().query(createSequence(sequence));
  await db()`create table orders (id bigint primary key, note text, count integer, at timestamptz)`;
});

describe("a template runs", () => {
  test("and returns typed rows, with the driver's properties of the result", async () => {
    const rows = await db()`select ${nextval(orderSeq).as("id")}, ${"x"}::text as note`;
    expect(rows).toEqual([{ id: expect.any(BigInt), note: "x" }]);
    expect(rows.count).toBe(1);
    expect(rows.command).toBe("SELECT");
    expect(rows.columns.map(({ name }) => name)).toEqual(["id", "note"]);
  });

  test("inserts real rows", async () => {
    const at = new Date("2026-01-02T03:04:05Z");
    const inserted = await db()<{ id: bigint; note: string; at: Date }>`
      insert into orders ${sql.insert([
        { id: nextval(orderSeq), note: "first", count: 1, at },
        { id: nextval(orderSeq), note: "it's; --", count: null, at: sql`${at}::timestamptz + interval '1 day'` },
      ])}
      returning id, note, at`;
    expect(inserted.map(({ note }) => note)).toEqual(["first", "it's; --"]);
    expect(inserted.map(({ at: time }) => time)).toEqual([at, new Date("2026-01-03T03:04:05Z")]);
    const [first, second] = inserted;
    expect((second?.id ?? 0n) - (first?.id ?? 0n)).toBe(1n);
    const updated = await db()`update orders set ${sql.set({ note: "changed" })} where id = ${first?.id ?? 0n}`;
    expect(updated.count).toBe(1);
  });

  test("lazily, and once", async () => {
    const before = await db().nextval(orderSeq);
    const query = db()`select ${nextval(orderSeq).as("id")}`;
    expect(await db().nextval(orderSeq)).toBe(before + 1n);
    const [first] = await query;
    const [again] = await query;
    expect(first?.id).toBe(before + 2n);
    expect(again).toBe(first);
    await query.finally(() => {});
    expect(await db().nextval(orderSeq)).toBe(before + 3n);
  });

  test("as a prepared statement from the second time on, also without values", async () => {
    const client = database.connect({ max: 1 });
    const own = bind(client);
    for (let time = 0; time < 2; time++) {
      await own`select 4711 as marker`;
      await own`select ${4712}::integer as marker`;
      await own.nextval(orderSeq);
    }
    await own`select 'once' as marker`;
    const prepared = await client`select statement from pg_prepared_statements where statement ~ 'marker|nextval'`;
    expect(prepared.map((row) => row["statement"] as string)).toEqual(
      expect.arrayContaining([
        "select 4711 as marker",
        "select $1::integer as marker",
        expect.stringMatching(/^select pg_catalog\.nextval\('"order_seq"'::pg_catalog\.regclass\), /),
      ]),
    );
    expect(prepared.map((row) => row["statement"] as string).filter((text) => text.includes("once"))).toEqual([]);
  });

  test("unprepared if the client's options say so", async () => {
    const client = database.connect({ max: 1, prepare: false });
    await bind(client)`select ${4713}::integer as marker`;
    expect(await client.unsafe("select 1 from pg_prepared_statements where statement ~ '4713|marker'")).toHaveLength(0);
  });

  test("one row with one(), and otherwise an error", async () => {
    expect(await db().one(sql<{ one: number }>`select 1 as one`)).toEqual({ one: 1 });
    const tooMany = db().one(sql`select generate_series(1, 2)`);
    await expect(tooMany).rejects.toThrow(
      "one() needs a statement that returns exactly 1 row, and this one returned 2",
    );
    await expect(db().one(sql`select 1 where false`)).rejects.toMatchObject({ code: "UNEXPECTED_ROW_COUNT" });
  });

  test("is cancelled", async () => {
    const query = db()`select pg_sleep(30)`;
    const failed = expect(query).rejects.toMatchObject({ code: "57014" });
    await new Promise((resolve) => setTimeout(resolve, 200));
    query.cancel();
    await failed;
    const never = db()`select 1`;
    never.cancel();
    await expect(never).rejects.toMatchObject({ code: "57014" });
  });

  test("cancelling leaves the connection usable, whenever it comes", async () => {
    const own = bind(database.connect({ max: 1 }));
    await own`select 1`;
    // The request may reach the server before the statement, which then runs to its end.
    const atOnce = own`select pg_sleep(0.5)`.execute();
    atOnce.cancel();
    expect(await atOnce.catch((error: unknown) => error)).toSatisfy(
      (outcome) => Array.isArray(outcome) || (outcome as { code: string }).code === "57014",
    );
    const unstarted = own`select 1`;
    unstarted.cancel();
    await expect(unstarted).rejects.toMatchObject({ code: "57014" });
    own`select 1`.cancel(); // Nobody awaits it.
    expect(await own`select 2 as two`).toEqual([{ two: 2 }]);
  });

  test("only fragments run, and nothing that came as JSON", async () => {
    const forged = JSON.parse(`{"text": "create table pwned (id integer)", "values": [], "strings": [""]}`) as never;
    const refused = "the statement is not a fragment";
    const attack = async (handle: Pick<ReturnType<typeof db>, "query" | "one" | "cursor">) => {
      expect(() => handle.query(forged)).toThrow(refused);
      expect(() => handle.query("create table pwned (id integer)" as never)).toThrow(refused);
      await expect(handle.one(forged)).rejects.toThrow(refused);
      expect(() => handle.cursor(forged)).toThrow(refused);
    };
    await attack(db());
    await db().begin(attack);
    await db().session(attack);
    expect(await db()`select to_regclass('pwned') as pwned`).toEqual([{ pwned: null }]);
    const copy = sql`select ${5}::integer as n`;
    const foreign = { [Symbol.for("nextval.sql")]: { strings: copy.strings, values: copy.values } };
    expect(await db().query(foreign as never)).toEqual([{ n: 5 }]);
  });

  test("execute starts it without waiting", async () => {
    const query = db()`insert into orders (id, note) values (-1, 'executed')`.execute();
    await expect.poll(async () => (await db()`select 1 from orders where note = 'executed'`).length).toBe(1);
    await query;
  });

  test("an invalid template is refused immediately", () => {
    expect(() => db()`select ${undefined as never}`).toThrow("is undefined");
  });

  longTest("65,535 parameters are refused before anything is sent, and 65,533 are taken", async () => {
    const many = (count: number) => sql.join(Array.from({ length: count }, (_, index) => index));
    const [row] = await db()<{ count: number }>`select cardinality(array[${many(65_533)}]::integer[]) as count`;
    expect(row?.count).toBe(65_533);
    expect(() => db()`select array[${many(65_535)}]`).toThrow("at most 65,533 parameters");
  });
});

describe("a cursor", () => {
  test("reads batches, decoded", async () => {
    const batches: bigint[][] = [];
    const numbers = sql<{ n: bigint }>`select n::bigint from generate_series(1, ${5}::integer) n`;
    for await (const rows of db().cursor(numbers, 2)) batches.push(rows.map(({ n }) => n));
    expect(batches).toEqual([[1n, 2n], [3n, 4n], [5n]]);
  });

  test("is closed when the loop is left", async () => {
    const client = database.connect({ max: 1 });
    for await (const rows of bind(client).cursor(sql`select generate_series(1, 1000)`, 10)) {
      expect(rows).toHaveLength(10);
      break;
    }
    expect(await client`select 1 as one`).toEqual([{ one: 1 }]);
  });

  test("passes on errors, and refuses a size of none", async () => {
    const read = async (size: number, fragment = sql`select ${nextval(missingSeq)}`) => {
      for await (const rows of db().cursor(fragment, size)) expect(rows).toBeDefined();
    };
    await expect(read(1)).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND", sequence: "missing_seq" });
    await expect(read(0)).rejects.toThrow("cursor() reads batches of 1 to 2147483647 rows, not 0");
    await expect(read(1, sql`select ${currval(orderSeq)}`)).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
  });
});

describe("functions of sequences", () => {
  test("nextval returns the type of the sequence", async () => {
    expect(typeof (await db().nextval(orderSeq))).toBe("bigint");
    expect(typeof (await db().nextval(ticketSeq))).toBe("number");
    expect(await db().nextval(textSeq)).toBe("9223372036854775806");
    expect(await db().nextval(textSeq)).toBe("9223372036854775807");
  });

  test("nextvals draws many in one round trip, in order", async () => {
    const first = await db().nextval(ticketSeq);
    const values = await db().nextvals(ticketSeq, 1000);
    expect(values).toEqual(Array.from({ length: 1000 }, (_, index) => first + 1 + index));
    expect(await db().nextvals(ticketSeq, 0)).toEqual([]);
    for (const count of [-1, 1.5, Number.NaN, 2 ** 31, "3" as never]) {
      await expect(db().nextvals(ticketSeq, count)).rejects.toThrow(
        `ticket_seq: nextvals draws a whole number of values from 0 to 2147483647, not ${count}`,
      );
    }
    expect(await db().nextval(ticketSeq)).toBe(first + 1001);
  });

  test("setval sets and returns the value", async () => {
    expect(await db().setval(ticketSeq, 5000)).toBe(5000);
    expect(await db().nextval(ticketSeq)).toBe(5001);
    expect(await db().setval(ticketSeq, "6000", false)).toBe(6000);
    expect(await db().nextval(ticketSeq)).toBe(6000);
    expect(await db().setval(orderSeq, 2n ** 62n)).toBe(2n ** 62n);
    expect(await db().setval(orderSeq, sql`(select 10 + ${5}::bigint)`, true)).toBe(15n);
    expect(await db().nextval(orderSeq)).toBe(16n);
    await expect(db().setval(ticketSeq, sql`(select max(id) from orders where false)`)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "ticket_seq: setval got NULL, and left the sequence as it is",
    });
  });

  test("setval refuses null and values out of bounds, before anything is sent", async () => {
    const before = await db()`select last_value, is_called from ${ticketSeq}`;
    const refused: [unknown, string][] = [
      [
        null,
        "ticket_seq: setval takes a whole number, bigint or decimal string, not null, " +
          "which PostgreSQL would silently ignore",
      ],
      [undefined, "ticket_seq: setval takes a whole number, bigint or decimal string, not undefined"],
      [1.5, "ticket_seq: setval takes a whole number, bigint or decimal string, not 1.5"],
      ["1e3", 'ticket_seq: setval takes a whole number, bigint or decimal string, not "1e3"'],
      [0, "ticket_seq: setval takes a value from 1 to 2147483647, not 0"],
      [2n ** 31n, "ticket_seq: setval takes a value from 1 to 2147483647, not 2147483648"],
    ];
    for (const [value, message] of refused) expect(() => setval(ticketSeq, value as number)).toThrow(message);
    await expect(db().setval(ticketSeq, 0)).rejects.toMatchObject({
      code: "SEQUENCE_OUT_OF_BOUNDS",
      sequence: "ticket_seq",
    });
    expect(() => setval(ticketSeq, 5, "yes" as never)).toThrow("setval takes true or false for isCalled, not yes");
    expect(await db()`select last_value, is_called from ${ticketSeq}`).toEqual(before);
  });
});
