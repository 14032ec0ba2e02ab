import { bind, sql } from "nextval";
import { expect, test } from "vitest";
import { serverVersion, useDatabase } from "../support/database.js";

const database = useDatabase();

test("a comment at the end of a nested fragment does not swallow a condition", async () => {
  const db = bind(database.client);
  await db`create table notes (id int, tenant int)`;
  await db`insert into notes values (1, 5), (1, 6)`;
  const condition = sql`id = ${1} -- the one`;
  expect(await db`delete from notes where ${condition} and tenant = ${5} returning tenant`).toEqual([{ tenant: 5 }]);
  expect(await db`select tenant from notes where (${condition})`).toEqual([{ tenant: 6 }]);
  const either = sql.join([sql`tenant = ${7} -- seven`, sql`tenant = ${6}`], sql` or -- six`);
  expect(await db`select tenant from notes where (${either}) and id = ${2}`).toEqual([]);
});

test.each(["\n", " \t\f\r\n ", " -- it's\n\r -- a\n ", "\r"])(
  "an escape string continues after %j, and the server reads it as we do",
  async (between) => {
    const query = sql.named({ a: "bound" }).parse(`select E'a'${between}'b\\' $<a>' as text, $<a>::text as a`);
    expect(await bind(database.client).query(query)).toEqual([{ text: "ab' $<a>", a: "bound" }]);
  },
);

test("a vertical tab is white space, which a server before 17 refuses everywhere", async () => {
  const db = bind(database.client);
  const query = sql.named({ a: "bound" }).parse("select E'a'\v\n'b\\' $<a>' as text, $<a>::text as a");
  if ((await serverVersion(database.client)) >= 17) {
    expect(await db.query(query)).toEqual([{ text: "ab' $<a>", a: "bound" }]);
  } else {
    await expect(db.query(query)).rejects.toMatchObject({ code: "42601" });
    await expect(db.query(sql.raw("select 1\v"))).rejects.toMatchObject({ code: "42601" });
  }
});

test("$< after a name can only be an operator", async () => {
  const db = bind(database.client);
  expect(await db`select price$<10 as cheap from (values (5)) as t (price$)`).toEqual([{ cheap: true }]);
});

test("objects with a meaning as JSON arrive as JSON, and bytes as bytes", async () => {
  const db = bind(database.client);
  const url = new URL("https://example.org/a");
  const bytes = new Uint8Array([0, 255]);
  const rows = await db`select ${{ a: 1 }}::jsonb as plain, ${url as never}::jsonb as url, ${bytes}::bytea as bytes`;
  expect(rows).toEqual([{ plain: { a: 1 }, url: url.href, bytes: Buffer.from(bytes) }]);
});
