import { nextval, pgSequence, sql } from "nextval";
import { describe, expect, test } from "vitest";
import { useDatabase } from "../database.js";

const database = useDatabase();

describe("a name of more than 63 bytes", () => {
  const long = "é".repeat(32);

  test("is cut by the server in sql.identifier, which does not know what is named", async () => {
    const rows = await database.client.unsafe(`select 1 as ${sql.identifier(long).text}`);
    expect(Object.keys(rows[0] ?? {})).toEqual(["é".repeat(31)]);
  });

  test("is refused as an alias, because the row would not have the promised column", () => {
    expect(() => nextval(pgSequence("order_seq")).as(long)).toThrow(`${long} is longer than 63 bytes`);
  });
});
