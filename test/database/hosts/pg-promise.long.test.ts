import { nextval, sql } from "nextval";
import pgPromise from "pg-promise";
import { expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";

const connect = pgPromise({ noWarnings: true });

testHost("pg-promise", {
  text: (call) => `insert into orders (id, note) values (${call}, $1)`,
  open: (url) => {
    const db = connect(url);
    return {
      insert: (sequence, note) => db.none(sql`insert into orders (id, note) values (${nextval(sequence)}, ${note})`),
      close: () => db.$pool.end(),
    };
  },
});

const database = useDatabase();

test("every method of pg-promise runs a fragment, also in a task and a transaction", async () => {
  const db = connect(database.url);
  try {
    const fragment = (value: number) => sql`select ${value}::int as x, ${sql`${"$1"}::text || ${"!"}`} as y`;
    expect(await db.one(fragment(1))).toEqual({ x: 1, y: "$1!" });
    expect(await db.any(fragment(2))).toEqual([{ x: 2, y: "$1!" }]);
    expect(await db.task((task) => task.map(fragment(3), null, (row: { x: number }) => row.x))).toEqual([3]);
    expect(await db.tx((tx) => tx.oneOrNone(fragment(4)))).toEqual({ x: 4, y: "$1!" });
  } finally {
    await db.$pool.end();
  }
});
