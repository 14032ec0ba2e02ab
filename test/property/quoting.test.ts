import { bind, nextval, pgSequence, sql } from "nextval";
import { describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { refusalOf } from "../support/said.js";

const database = useDatabase();

describe("a name of more than 63 bytes", () => {
  const long = "é".repeat(32);

  test("is refused when it is quoted, because the server would cut it and use another table or column", async () => {
    await database.client.unsafe(`create table "${"é".repeat(31)}" ("${"k".repeat(63)}" text)`);
    const rows = await database.client.unsafe(`select 1 as "${long}"`);
    expect(Object.keys(rows[0] ?? {})).toEqual(["é".repeat(31)]);
    const key = `${"k".repeat(63)}injected`;
    for (const [refused, taker, name] of [
      [() => sql`select * from ${sql.identifier(long)}`, "sql.identifier", long],
      [() => sql.identifier("public", long), "sql.identifier", long],
      [() => sql.insert({ [key]: "v" }), "sql.insert", key],
      [() => sql.insert([{ a: 1, [key]: "v" }], { columns: [key] }), "sql.insert", key],
      [() => sql.set({ [key]: "v" }), "sql.set", key],
    ] as const) {
      expect(refusalOf(refused)).toBe(
        `${taker} takes names of at most 63 bytes, not ${JSON.stringify(name)}. ` +
          "Shorten the name, because the server would cut it and take another one.",
      );
    }
    const longest = sql.identifier("é".repeat(31));
    expect(
      await bind(database.client)`insert into ${longest} ${sql.insert({ ["k".repeat(63)]: "v" })} returning 1 as one`,
    ).toEqual([{ one: 1 }]);
  });

  test("is refused as an alias, because the row would not have the promised column", () => {
    expect(() => nextval(pgSequence("order_seq")).as(long)).toThrow(
      `as() takes names of at most 63 bytes, not ${JSON.stringify(long)}`,
    );
  });
});
