import { bind, nextval, pgSequence, createSequence, sql } from "nextval";
import { expect, test } from "vitest";
import { useDatabase } from "../support/database.js";

const database = useDatabase();

test.each([
  ["bigint", [1n, 2n ** 63n - 1n]],
  ["integer", [1, -2]],
  ["text", ["a", 'b"\\,{}', ""]],
  ["boolean", [true, false]],
  ["timestamptz", [new Date(0), new Date("2026-01-02T03:04:05.678Z")]],
  ["bytea", [Buffer.from([0, 255]), Buffer.from("\\x")]],
  ["bigint", []],
] as const)("an array for %s[] is one value: %o", async (type, values) => {
  const rows = await bind(database.client)`select ${values}::${sql.raw(type)}[] as values`;
  expect(rows).toEqual([{ values }]);
});

test("drawn values find their rows again", async () => {
  const db = bind(database.client);
  const seq = pgSequence("order_seq");
  await db.query(createSequence(seq));
  await db`create table orders (id bigint default ${nextval(seq)})`;
  const ids = await db.nextvals(seq, 2);
  await db`insert into orders ${sql.insert(ids.map((id) => ({ id })))}`;
  expect(await db`select id from orders where id = any(${ids}) order by id`).toEqual([{ id: 1n }, { id: 2n }]);
});
