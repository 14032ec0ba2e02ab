import { embed, nextval, sql } from "nextval";
import postgres from "postgres";
import { expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";

testHost("postgres.js, a query of its own", {
  text: (call) => `insert into orders (id, note) values (${call}, $1)`,
  open: (url) => {
    const client = postgres(url, { max: 1 });
    return {
      insert: (sequence, note) =>
        client`insert into orders (id, note) values (${embed(client, nextval(sequence))}, ${note})`,
      close: () => client.end(),
    };
  },
});

const database = useDatabase();

test("a fragment with values is numbered among the values of the query", async () => {
  const { client } = database;
  const shout = sql`upper(${"a"} || ${"b"})`;
  expect(await client`select ${1}::int as one, ${embed(client, shout)} as shout, ${"c"} as last`).toEqual([
    { one: 1, shout: "AB", last: "c" },
  ]);
  expect(await client.begin((tx) => tx`select ${embed(tx, shout)} as shout`)).toEqual([{ shout: "AB" }]);
});
