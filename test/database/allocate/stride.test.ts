import * as fc from "fast-check";
import { type AnySequence, bind, createSequence, NextvalError, pgSchema, pgSequence, resolveOptions } from "nextval";
import { checkStrides, stride } from "nextval/allocate";
import { inspectSequences } from "nextval/catalog";
import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { runs } from "../../support/effort.js";

const database = useDatabase();

beforeEach(async () => {
  await database.client.unsafe("drop schema public cascade; create schema public");
});

describe("stride", () => {
  test("starts each node a step later, and multiplies the step by the number of nodes", () => {
    const orderSeq = pgSequence("order_seq", { startWith: 100, cache: 10, comment: "orders", maxValue: 5000 });
    const nodes = [0, 1, 2].map((node) => stride(orderSeq, { node, nodes: 3 }));
    expect(nodes.map((each) => createSequence(each).text)).toEqual([
      'create sequence "order_seq" increment by 3 maxvalue 5000 start with 100 cache 10',
      'create sequence "order_seq" increment by 3 maxvalue 5000 start with 101 cache 10',
      'create sequence "order_seq" increment by 3 maxvalue 5000 start with 102 cache 10',
    ]);
    expect(resolveOptions(nodes[2]!)).toEqual({ ...resolveOptions(orderSeq), startWith: 102n, increment: 3n });
    checkStrides(nodes);
    expect(resolveOptions(stride(orderSeq, { node: 0, nodes: 1 }))).toEqual(resolveOptions(orderSeq));
  });

  test("keeps schema and type, and descends if the sequence does", () => {
    const seq = pgSchema("billing").sequence("invoice_seq", { as: "integer", increment: -5 });
    const last = stride(seq, { node: 3, nodes: 4 });
    expect(last.schema).toBe("billing");
    expect(resolveOptions(last)).toEqual({ ...resolveOptions(seq), startWith: -16n, increment: -20n });
  });

  test("the nodes draw each value once, on a real server", async () => {
    const db = bind(database.client);
    const orderSeq = pgSequence("order_seq", { startWith: 7, increment: 2, maxValue: 66 });
    const all: bigint[] = [];
    for (const node of [0, 1, 2, 3]) {
      const own = stride(orderSeq, { node, nodes: 4 });
      await db`drop sequence if exists order_seq`;
      await db.query(createSequence(own));
      for (;;) {
        const value = await db.nextval(own).catch(() => undefined);
        if (value === undefined) break;
        all.push(value);
      }
    }
    expect(all.sort((a, b) => Number(a - b))).toEqual(Array.from({ length: 30 }, (_, index) => BigInt(7 + 2 * index)));
  });

  test.each([
    [{ node: 3, nodes: 3 }, "order_seq: stride takes a node from 0 to 2, not 3"],
    [{ node: -1, nodes: 3 }, "order_seq: stride takes a node from 0 to 2, not -1"],
    [{ node: 0.5, nodes: 3 }, "order_seq: stride takes a node from 0 to 2, not 0.5"],
    [{ node: 0, nodes: 0 }, "order_seq: stride takes 1 node or more, not 0"],
    [{ node: 0, nodes: 2 ** 53 }, "order_seq: stride takes 1 node or more, not 9007199254740992"],
    [undefined, "order_seq: stride takes 1 node or more, not undefined"],
    [null, "order_seq: stride takes 1 node or more, not undefined"],
    [{ node: 9, nodes: 10 }, "order_seq: node 9 of 10 would start with 10, outside its bounds 1 to 9"],
  ])("refuses %j", (options, message) => {
    expect(() => stride(pgSequence("order_seq", { maxValue: 9 }), options as never)).toThrow(message);
    expect(() => stride(pgSequence("order_seq", { maxValue: 9 }), options as never)).toThrow(NextvalError);
  });

  test("rejects a cycling sequence, a stride beyond 64 bits, and anything but a sequence", () => {
    expect(() => stride(pgSequence("order_seq", { cycle: true }), { node: 0, nodes: 2 })).toThrow(
      "order_seq: stride does not accept a sequence that cycles, because all nodes would begin again at the same bound",
    );
    expect(() => stride(pgSequence("order_seq", { increment: 2n ** 61n }), { node: 0, nodes: 8 })).toThrow(
      "order_seq: increment 18446744073709551616 is beyond 64 bits",
    );
    expect(() => stride("order_seq" as never, { node: 0, nodes: 2 })).toThrow(
      "a sequence made by pgSequence is needed",
    );
  });
});

describe("checkStrides", () => {
  test.each([
    [null, "checkStrides takes the sequences of nodes as a list or an object, not null"],
    [[null], "node 0: checkStrides takes sequences as they are declared or inspected, not null"],
    [{ eu: "order_seq" }, "node eu: checkStrides takes sequences as they are declared or inspected, not order_seq"],
    [{ eu: {} }, "node eu: checkStrides takes sequences as they are declared or inspected, not another object"],
  ])("refuses %j", (nodes, message) => {
    expect(() => checkStrides(nodes as never)).toThrow(
      expect.objectContaining({ name: "NextvalError", code: "INVALID_ARGUMENT", message }),
    );
  });

  const order = (options: object) => pgSequence("order_seq", options) as AnySequence;

  test("names both colliding nodes, and the value", () => {
    const [eu, us] = [order({ startWith: 1, increment: 2 }), order({ startWith: 2, increment: 3, maxValue: 100 })];
    expect(() => checkStrides([eu, us])).toThrow(
      expect.objectContaining({
        code: "STRIDES_COLLIDE",
        message:
          "node 0 (order_seq) and node 1 (order_seq) collide: both draw 5, " +
          "one every 2 from 1 to 9223372036854775807 and one every 3 from 2 to 100",
        hint: "Declare all of them with stride, and with the same number of nodes.",
      }),
    );
    expect(() => checkStrides({ eu, us })).toThrow("node eu (order_seq) and node us (order_seq) collide");
    checkStrides({ eu });
    checkStrides([]);
  });

  test.each([
    [
      "the same remainder",
      [
        { startWith: 1, increment: 3 },
        { startWith: 2, increment: 3 },
        { startWith: 7, increment: 3 },
      ],
      "node 0 (order_seq) and node 2 (order_seq) collide: both draw 7",
    ],
    ["ranges that overlap at one value", [{ maxValue: 100 }, { minValue: 100, startWith: 100 }], "both draw 100"],
    [
      "opposite directions",
      [{ maxValue: 50 }, { increment: -1, minValue: 1, maxValue: 50, startWith: 50 }],
      "both draw 1,",
    ],
    ["one that cycles", [{}, { cycle: true, minValue: 5, maxValue: 9 }], "node 1 (order_seq) cycles"],
  ])("detects %s", (_what, options, message) => {
    expect(() => checkStrides(options.map(order))).toThrow(message);
  });

  test.each([
    [
      "other remainders",
      [
        { startWith: 1, increment: 3 },
        { startWith: 2, increment: 3 },
        { startWith: 6, increment: 3 },
      ],
    ],
    ["ranges apart", [{ maxValue: 99 }, { minValue: 100, startWith: 100 }]],
    [
      "steps that meet behind the end",
      [
        { increment: 5, maxValue: 30 },
        { startWith: 3, increment: 7, maxValue: 30 },
      ].map((each) => ({ ...each, maxValue: 9 })),
    ],
    [
      "the far ends of 64 bits",
      [
        { startWith: 1, increment: 2n ** 62n },
        { startWith: 2, increment: 2n ** 62n - 1n, maxValue: 2n ** 62n },
      ],
    ],
    ["below and above zero", [{}, { increment: -1 }]],
  ])("accepts %s", (_what, options) => {
    checkStrides(options.map(order));
  });

  test("agrees with the values themselves", () => {
    const option = fc.record({
      descending: fc.boolean(),
      step: fc.integer({ min: 1, max: 12 }),
      bounds: fc.uniqueArray(fc.integer({ min: -30, max: 40 }), { minLength: 2, maxLength: 2 }),
      start: fc.integer({ min: 0, max: 70 }),
    });
    const make = ({
      descending,
      step,
      bounds,
      start,
    }: typeof option extends fc.Arbitrary<infer Value> ? Value : never) => {
      const [minValue, maxValue] = bounds.sort((a, b) => a - b) as [number, number];
      const startWith = minValue + (start % (maxValue - minValue + 1));
      const increment = descending ? -step : step;
      const values = new Set<number>();
      for (let value = startWith; value >= minValue && value <= maxValue; value += increment) values.add(value);
      return { values, sequence: order({ minValue, maxValue, startWith, increment }) };
    };
    fc.assert(
      fc.property(option, option, (first, second) => {
        const [one, other] = [make(first), make(second)];
        const common = [...one.values].filter((value) => other.values.has(value));
        if (common.length === 0) checkStrides([one.sequence, other.sequence]);
        else expect(() => checkStrides([one.sequence, other.sequence])).toThrow(`both draw ${Math.min(...common)},`);
      }),
      runs(300),
    );
  });

  test("accepts inspected sequences, and counts from their current value", async () => {
    const db = bind(database.client);
    const state = async (statement: string) => {
      await database.client.unsafe(`drop sequence if exists order_seq; ${statement}`);
      return (await inspectSequences(db)).sequences[0]!;
    };
    const eu = await state("create sequence order_seq increment 2");
    const us = await state("create sequence order_seq increment 2 start 2");
    checkStrides({ eu, us });
    const moved = await state("create sequence order_seq increment 2 start 2; select setval('order_seq', 1001)");
    expect(() => checkStrides({ eu, moved })).toThrow(
      "node eu (public.order_seq) and node moved (public.order_seq) collide: both draw 3, " +
        "one every 2 from 1 to 9223372036854775807 and one every 2 from 3 to",
    );
    checkStrides({ us, moved });
    const back = await state(
      "create sequence order_seq increment 2 start 1000 minvalue 1; select setval('order_seq', 7)",
    );
    expect(() => checkStrides({ back, eu })).toThrow("both draw 7, one every 2 from 7 to");
    const down = await state(
      "create sequence order_seq increment -2 maxvalue 100 start 50 minvalue 1; select setval('order_seq', 21)",
    );
    expect(() => checkStrides([down, eu])).toThrow("both draw 1, one every 2 from 1 to 49");
  });
});
