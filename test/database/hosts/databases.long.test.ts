import databases, { sql as databasesSql } from "@databases/pg";
import { embed, nextval, sql } from "nextval";
import { expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";

const connect = (url: string) => databases.default({ connectionString: url, bigIntMode: "bigint" });

testHost("@databases/pg", {
  text: (call) => `insert into orders (id, note) values (${call}, $1)`,
  open: (url) => {
    const db = connect(url);
    return {
      insert: (sequence, note) =>
        db.query(
          databasesSql`insert into orders (id, note) values (${embed(databasesSql, nextval(sequence))}, ${note})`,
        ),
      close: () => db.dispose(),
    };
  },
});

const database = useDatabase();

test("its limit: it removes the indentation that all lines share, also in quotes", async () => {
  const db = connect(database.url);
  try {
    const fragment = embed(
      databasesSql,
      sql`  '(
    )' as x`,
    );
    expect(await db.query(databasesSql`  select ${fragment}`)).toEqual([{ x: "(\n  )" }]);
  } finally {
    await db.dispose();
  }
});

test("a fragment with values is numbered among the values of the query", async () => {
  const db = connect(database.url);
  try {
    const shout = embed(databasesSql, sql`upper(${"a"} || ${"b"})`);
    expect(await db.query(databasesSql`select ${1}::int as one, ${shout} as shout, ${"c"} as last`)).toEqual([
      { one: 1, shout: "AB", last: "c" },
    ]);
  } finally {
    await db.dispose();
  }
});
