import { nextval, sql } from "nextval";
import { Client, Pool } from "pg";
import { expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";

testHost("node-postgres", {
  text: (call) => `insert into orders (id, note) values (${call}, $1)`,
  open: async (url) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    return {
      insert: (sequence, note) =>
        client.query(sql`insert into orders (id, note) values (${nextval(sequence)}, ${note})`),
      close: () => client.end(),
    };
  },
});

const database = useDatabase();

test("a pool of node-postgres runs a fragment with any values", async () => {
  const pool = new Pool({ connectionString: database.url });
  // The database may be dropped before the server has read that the connection ends.
  pool.on("error", () => {});
  try {
    const inner = sql`upper(${"a"} || ${"b"})`;
    const { rows } = await pool.query(
      sql`select ${1}::int as one, ${inner} as shout, ${[2, 3]}::int[] as many, ${{ a: [1] }}::jsonb as data,
        ${2n ** 62n}::int8 as big, ${null}::text as nothing`,
    );
    expect(rows).toEqual([{ one: 1, shout: "AB", many: [2, 3], data: { a: [1] }, big: `${2n ** 62n}`, nothing: null }]);
  } finally {
    await pool.end();
  }
});
