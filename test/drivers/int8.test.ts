import { createSequence, nextval, pgSequence, sql } from "nextval";
import { beforeAll, expect, test } from "vitest";
import { describePorts } from "../support/ports.js";

const orderSeq = pgSequence("order_seq");
const drawing = sql`select ${nextval(orderSeq).as("id")}`;
const BIG = 2n ** 53n;

describePorts("an int8", (port) => {
  beforeAll(() => port.db.query(createSequence(orderSeq)));

  test("arrives as the handle says, in columns and arrays, beside other handles of the client", async () => {
    const handles = {
      bigint: port.bind({ int8: "bigint" }),
      string: port.bind({ int8: "string" }),
      number: port.bind({ int8: "number" }),
      unsaid: port.db,
    };
    const expected = { bigint: 5n, string: "5", number: 5, unsaid: 5n };
    // Often enough to be prepared.
    for (let time = 0; time < 3; time++) {
      for (const kind of Object.keys(handles) as (keyof typeof handles)[]) {
        const five = expected[kind];
        expect(await handles[kind]`select 5::int8 as one, array[5, null]::int8[] as list, null::int8 as none`).toEqual([
          { one: five, list: [five, null], none: null },
        ]);
      }
    }
    const answer = JSON.stringify(await handles.string`select ${BIG} as id`);
    expect(answer).toBe('[{"id":"9007199254740992"}]');
  });

  test("that a number cannot hold is refused, and the connection goes on", async () => {
    const db = port.bind({ int8: "number" });
    const refused = { code: "UNEXPECTED_VALUE", message: expect.stringContaining(String(BIG)) as string };
    await expect(db`select ${BIG} as id`).rejects.toMatchObject(refused);
    await expect(db`select array[${BIG}] as ids`).rejects.toMatchObject(refused);
    expect(await db`select ${BIG - 1n} as id`).toEqual([{ id: 9007199254740991 }]);
  });

  test("of a sequence keeps the type of the sequence", async () => {
    for (const int8 of ["string", "number"] as const) {
      const db = port.bind({ int8 });
      expect(await db.nextval(orderSeq)).toEqual(expect.any(BigInt));
      expect(await db.setval(orderSeq, 5)).toBe(5n);
      const [row] = await db`select ${nextval(orderSeq).as("id")}, ${nextval(orderSeq)} as plain`;
      expect(row).toEqual({ id: 6n, plain: int8 === "string" ? "7" : 7 });
      await db.begin(async (tx) => {
        expect(await tx.nextval(orderSeq)).toBe(await tx.currval(orderSeq));
        expect(await tx`select 1::int8 as a`).toEqual([{ a: int8 === "string" ? "1" : 1 }]);
      });
      for await (const rows of db.cursor(drawing)) expect(rows).toEqual([{ id: expect.any(BigInt) as bigint }]);
    }
  });

  test("of another kind is refused", () => {
    expect(() => port.bind({ int8: "float" as never })).toThrow('int8 takes "bigint", "string" or "number", not float');
  });
});
