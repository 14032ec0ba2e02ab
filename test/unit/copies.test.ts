import { NextvalError, pgSequence, setval, sql } from "nextval";
import { ResyncError } from "nextval/operate";
import { expect, test, vi } from "vitest";
import { writeValues } from "../../lib/handle/values/write-values.js";

test("fragments and marks of another copy of the library are what they are in their own", async () => {
  vi.resetModules();
  const copy = await import("nextval");
  expect(copy.sql).not.toBe(sql);
  const seq = pgSequence("order_seq");
  const fragment = copy.sql`(select max(id) from orders where tenant = ${7})`;
  const own = setval(seq, sql`(select max(id) from orders where tenant = ${7})`);
  expect(setval(seq, fragment as never)).toMatchObject({ text: own.text, values: [7] });
  expect(() => setval(seq, pgSequence("other_seq") as never)).toThrow("setval takes a whole number");
  const writer = { parameter: (text: string | null, type: number) => ({ text, type }) };
  expect(writeValues(sql`select ${copy.sql.json(["a"])}`, writer)).toEqual([{ text: '["a"]', type: 3802 }]);
});

test("errors of another copy of the library are instances of NextvalError", async () => {
  vi.resetModules();
  const copy = await import("nextval");
  const error = new copy.NextvalError("TIMEOUT", "too late");
  expect(copy.NextvalError).not.toBe(NextvalError);
  expect(error).toBeInstanceOf(NextvalError);
  expect(error).not.toBeInstanceOf(ResyncError);
  const own = new ResyncError({ moves: [], failures: [], skips: [] });
  expect(own).toBeInstanceOf(ResyncError);
  expect(own).toBeInstanceOf(copy.NextvalError);
  for (const other of [new Error("x"), { name: "NextvalError" }, null, undefined, "NextvalError"]) {
    expect(other instanceof NextvalError).toBe(false);
  }
});
