import {
  bind,
  createSequence,
  type Database,
  dropSequence,
  nextval,
  setSequenceOwnedBy,
  pgSequence,
  restartSequence,
  type SequenceOptions,
  sql,
} from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { longTest } from "../support/long-test.js";

/*
 * The promises that PostgreSQL's documentation makes about sequences, and those that it does not: "CREATE SEQUENCE"
 * (Notes) and "Sequence Manipulation Functions".
 */

const database = useDatabase();
let db: Database;

beforeAll(() => {
  db = bind(database.client);
});

let count = 0;
async function create(options: Omit<SequenceOptions, "as" | "mode"> = {}) {
  const seq = pgSequence(`promise_${++count}_seq`, options);
  await db.query(createSequence(seq));
  return seq;
}

/** A handle with its own connection: a session, until it is ended. */
function connect() {
  const client = database.connect({ max: 1 });
  return { session: bind(client), end: () => client.end() };
}

async function exists(name: string): Promise<boolean> {
  const [row] = await db<{ exists: boolean }>`select to_regclass(${name}) is not null as exists`;
  return row?.exists === true;
}

longTest("8 concurrent sessions never draw the same value, whichever way they draw", async () => {
  const seq = await create({ cache: 3 });
  await db`create table drawn (id bigint default ${nextval(seq)}, session int)`;
  const sessions = Array.from({ length: 8 }, connect);
  const drawn = await Promise.all(
    sessions.map(async ({ session, end }, index) => {
      const ids: bigint[] = [];
      for (let round = 0; round < 50; round++) {
        ids.push(await session.nextval(seq), ...(await session.nextvals(seq, 4)));
        const rows = await session`
          insert into drawn (session) values (${index}), (${index}) returning id, ${nextval(seq).as("another")}`;
        for (const row of rows as unknown as { id: bigint; another: bigint }[]) ids.push(row.id, row.another);
      }
      await end();
      return ids;
    }),
  );
  const all = drawn.flat();
  expect(all).toHaveLength(8 * 50 * 9);
  expect(new Set(all).size).toBe(all.length);
  // They did draw at the same time: no session had a stretch of values to itself.
  const first = drawn[0] as bigint[];
  expect((first.at(-1) as bigint) - (first[0] as bigint)).toBeGreaterThan(BigInt(2 * first.length));
});

describe("a rollback", () => {
  test("leaves a gap: drawn values are not returned", async () => {
    const seq = await create();
    expect(await db.nextval(seq)).toBe(1n);
    const failed = db.begin(async (tx) => {
      expect(await tx.nextvals(seq, 2)).toEqual([2n, 3n]);
      throw new Error("on purpose");
    });
    await expect(failed).rejects.toThrow("on purpose");
    expect(await db.nextval(seq)).toBe(4n);
  });

  test("of a savepoint also leaves a gap", async () => {
    const seq = await create();
    await db.begin(async (tx) => {
      await tx.savepoint((inner) => inner.nextval(seq).then(() => Promise.reject(new Error("no")))).catch(() => {});
      expect(await tx.nextval(seq)).toBe(2n);
    });
  });

  test("does not undo setval", async () => {
    const seq = await create();
    const failed = db.begin(async (tx) => {
      await tx.setval(seq, 500);
      throw new Error("on purpose");
    });
    await expect(failed).rejects.toThrow("on purpose");
    expect(await db.nextval(seq)).toBe(501n);
  });

  test("undoes ALTER SEQUENCE RESTART, and repeats the values that were drawn after it", async () => {
    const seq = await create();
    await db.setval(seq, 500);
    const failed = db.begin(async (tx) => {
      await tx.query(restartSequence(seq, 7));
      expect(await tx.nextvals(seq, 2)).toEqual([7n, 8n]);
      throw new Error("on purpose");
    });
    await expect(failed).rejects.toThrow("on purpose");
    expect(await db.nextval(seq)).toBe(501n);
  });

  test("is not needed for a gap: an insert that conflicts has drawn a value", async () => {
    const seq = await create();
    await db`create table unique_note (id bigint default ${nextval(seq)}, note text unique)`;
    const insert = (note: string) => db`
      insert into unique_note (note) values (${note}) on conflict do nothing returning id`;
    expect(await insert("a")).toEqual([{ id: 1n }]);
    expect(await insert("a")).toEqual([]);
    expect(await insert("b")).toEqual([{ id: 3n }]);
  });
});

describe("with CACHE, a session reserves values for itself:", () => {
  test("two sessions draw out of order, and what a session has not used is lost when it ends", async () => {
    const seq = await create({ cache: 10 });
    const [one, two] = [connect(), connect()];
    expect(await one.session.nextvals(seq, 2)).toEqual([1n, 2n]);
    expect(await two.session.nextval(seq)).toBe(11n);
    expect(await one.session.nextval(seq)).toBe(3n);
    // The last value of the catalog is the last one reserved.
    expect(await db`select last_value from ${seq}`).toEqual([{ last_value: 20n }]);
    await Promise.all([one.end(), two.end()]);
    const three = connect();
    expect(await three.session.nextval(seq)).toBe(21n);
    await three.end();
  });

  test("setval keeps the values that another session has reserved, ALTER SEQUENCE RESTART discards them", async () => {
    const seq = await create({ cache: 10 });
    const [one, two] = [connect(), connect()];
    expect(await one.session.nextval(seq)).toBe(1n);
    await two.session.setval(seq, 1000);
    expect(await one.session.nextval(seq)).toBe(2n);
    expect(await two.session.nextval(seq)).toBe(1001n);
    await two.session.query(restartSequence(seq, 5));
    expect(await one.session.nextval(seq)).toBe(5n);
    await Promise.all([one.end(), two.end()]);
  });
});

describe("a cycling sequence continues", () => {
  test("at its minimum, not at its start, when it ascends", async () => {
    const seq = await create({ minValue: 3, maxValue: 6, startWith: 5, cycle: true });
    expect(await db.nextvals(seq, 7)).toEqual([5n, 6n, 3n, 4n, 5n, 6n, 3n]);
  });

  test("at its maximum, not at its start, when it descends", async () => {
    const seq = await create({ increment: -1, minValue: -6, maxValue: -3, startWith: -4, cycle: true });
    expect(await db.nextvals(seq, 7)).toEqual([-4n, -5n, -6n, -3n, -4n, -5n, -6n]);
  });

  test("at its minimum, even if its steps miss the limit", async () => {
    const seq = await create({ increment: 4, minValue: 2, maxValue: 9, startWith: 5, cycle: true });
    expect(await db.nextvals(seq, 5)).toEqual([5n, 9n, 2n, 6n, 2n]);
  });
});

describe("an exhausted sequence fails", () => {
  test.each([
    ["behind its maximum when it ascends", { maxValue: 3, increment: 2 }, [1n, 3n], "maximum", "(3)"],
    ["behind its minimum when it descends", { minValue: -3, increment: -2 }, [-1n, -3n], "minimum", "(-3)"],
  ] as const)("%s", async (_, options, values, limit, shown) => {
    const seq = await create(options);
    expect(await db.nextvals(seq, 2)).toEqual(values);
    const message = `${seq.seqName}: nextval: reached ${limit} value of sequence "${seq.seqName}" ${shown}`;
    const hint = "Raise its maxValue (minValue if it descends), or let it cycle.";
    const error = { name: "NextvalError", code: "SEQUENCE_EXHAUSTED", sequence: seq.seqName, message, hint };
    await expect(db.nextval(seq)).rejects.toMatchObject({ ...error, cause: { code: "2200H" } });
    // It stays exhausted, and drawing several values fails as a whole.
    await expect(db.nextvals(seq, 2)).rejects.toMatchObject(error);
  });

  test("also if a column's default draws, which the statement does not name", async () => {
    const seq = await create({ minValue: 0, maxValue: 1, startWith: 1 });
    await db`create table exhausting (id bigint default ${nextval(seq)}, note text)`;
    await db`insert into exhausting (note) values ('first')`;
    await expect(db`insert into exhausting (note) values (${"second"})`).rejects.toMatchObject({
      name: "NextvalError",
      code: "SEQUENCE_EXHAUSTED",
      sequence: seq.seqName,
    });
    expect(await db`select note from exhausting`).toEqual([{ note: "first" }]);
  });
});

describe("a sequence that a column owns", () => {
  async function own(table: string) {
    const seq = await create({ ownedBy: { table, column: "id" } });
    await db`create table ${sql.identifier(table)} (id bigint default ${nextval(seq)}, note text)`;
    await db.query(setSequenceOwnedBy(seq));
    expect(await exists(seq.seqName)).toBe(true);
    return seq;
  }

  test("goes when the column is dropped", async () => {
    const seq = await own("loses_column");
    await db`alter table loses_column drop column note`;
    expect(await exists(seq.seqName)).toBe(true);
    await db`alter table loses_column drop column id`;
    expect(await exists(seq.seqName)).toBe(false);
    await expect(db.nextval(seq)).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND", sequence: seq.seqName });
  });

  test("goes when the table is dropped", async () => {
    const seq = await own("dropped");
    await db`drop table dropped`;
    expect(await exists(seq.seqName)).toBe(false);
  });

  test("stays if it no longer has an owner", async () => {
    const seq = await own("untied");
    await db.query(setSequenceOwnedBy(seq, null));
    await db`drop table untied`;
    expect(await exists(seq.seqName)).toBe(true);
    await db.query(dropSequence(seq));
  });

  test("keeps the table from being dropped while another table draws from it", async () => {
    const seq = await own("shared");
    await db`create table sharer (id bigint default ${nextval(seq)})`;
    await expect(db`drop table shared`).rejects.toMatchObject({ code: "2BP01" });
    expect(await exists(seq.seqName)).toBe(true);
  });
});
