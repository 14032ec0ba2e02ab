import { embed, nextval, sql } from "nextval";
import { createPool, type DatabasePool, sql as slonikSql } from "slonik";
import { expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";

async function connect(url: string): Promise<DatabasePool> {
  return await createPool(url);
}

testHost("Slonik", {
  text: (call) => `insert into orders (id, note) values (${call}, $1)`,
  open: async (url) => {
    const pool = await connect(url);
    return {
      insert(sequence, note) {
        const drawn = embed(slonikSql.fragment, nextval(sequence));
        return pool.query(slonikSql.unsafe`insert into orders (id, note) values (${drawn}, ${note})`);
      },
      close: () => pool.end(),
    };
  },
});

const database = useDatabase();

test("its limit: a value is a string, a number, a bigint, true, false or null", () => {
  expect(() => slonikSql.unsafe`select ${embed(slonikSql.fragment, sql`${new Date()}`)}`).toThrow("Unexpected value");
});

test("a fragment with values is numbered among the values of the query", async () => {
  const pool = await connect(database.url);
  try {
    const shout = embed(slonikSql.fragment, sql`upper(${"a"} || ${"b"})`);
    expect(await pool.one(slonikSql.unsafe`select ${1}::int as one, ${shout} as shout, ${"c"}::text as last`)).toEqual({
      one: 1,
      shout: "AB",
      last: "c",
    });
  } finally {
    await pool.end();
  }
});
