import { type PGlite, types } from "@electric-sql/pglite";
import { sql as pgliteSql } from "@electric-sql/pglite/template";
import { type AnySequence, createSchema, createSequence, embed, nextval, pgSchema, pgSequence, sql } from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { sharedPGlite } from "../../support/ports.js";

const ATTACK = `'); drop table orders; --`;
const orderSeq = pgSequence("order_seq");
const weird = pgSchema('we"ird');
const weirdSeq = weird.sequence("Order Seq");

describe("PGlite", () => {
  let pglite: PGlite;

  beforeAll(async () => {
    pglite = await sharedPGlite();
    for (const { text } of [createSchema(weird), createSequence(orderSeq), createSequence(weirdSeq)]) {
      await pglite.query(text);
    }
    await pglite.exec("create table orders (id bigint primary key, note text)");
  });

  /** A whole fragment as a query, and an expression in PGlite's own template. */
  const inserts = {
    fragment: (sequence: AnySequence, note: string) => {
      const { text, values } = sql`insert into orders (id, note) values (${nextval(sequence)}, ${note})`;
      return pglite.query(text, values);
    },
    template: (sequence: AnySequence, note: string) =>
      pglite.sql`insert into orders (id, note) values (${embed(pgliteSql, nextval(sequence))}, ${note})`,
  };

  describe.each(Object.entries(inserts))("by a %s", (_way, insert) => {
    test.each([
      ["a drawn id and a value side by side", orderSeq, "beside it"],
      ["from a sequence whose name needs quoting", weirdSeq, "quoted"],
      ["an attack in the value", orderSeq, ATTACK],
    ])("inserts %s", async (_what, sequence, note) => {
      await insert(sequence, note);
      const { rows: drawn } = await pglite.query(sql`select last_value as id from ${sequence}`.text);
      const { rows } = await pglite.query("delete from orders returning id, note");
      expect(rows).toEqual([{ ...(drawn[0] as object), note }]);
    });
  });

  test("numbers the values of embedded fragments", async () => {
    const shout = sql`upper(${ATTACK} || ${"!"})`;
    const { rows } = await pglite.sql`select ${1}::int as one, ${embed(pgliteSql, shout)} as shout, ${2}::int as two`;
    expect(rows).toEqual([{ one: 1, shout: `${ATTACK.toUpperCase()}!`, two: 2 }]);
  });

  test("runs a fragment with question marks, colons and dollar quotes", async () => {
    const { text, values } = sql`select '{"a": 1}'::jsonb ? ${"a"} as known, $$:a $1 ?$$ || ${"?"} as text`;
    expect((await pglite.query(text, values)).rows).toEqual([{ known: true, text: ":a $1 ??" }]);
  });

  test("returns a bigint as a number if that is exact, and else as a bigint; a parser makes it one type", async () => {
    const { text, values } = sql`select ${2n ** 53n - 1n}::bigint as exact, ${2n ** 53n}::bigint as beyond`;
    expect((await pglite.query(text, values)).rows).toEqual([{ exact: 2 ** 53 - 1, beyond: 2n ** 53n }]);
    const { rows } = await pglite.query(text, values, { parsers: { [types.INT8]: BigInt } });
    expect(rows).toEqual([{ exact: 2n ** 53n - 1n, beyond: 2n ** 53n }]);
  });
});
