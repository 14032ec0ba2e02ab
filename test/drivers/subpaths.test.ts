import { createSequence, pgSequence } from "nextval";
import { allocator, blockAllocator, gaplessCounter } from "nextval/allocate";
import { applyPlan, inspectSequences, planChanges, pullDeclarations } from "nextval/catalog";
import { applyResync, planResync, planTransfer, sequenceStatus } from "nextval/operate";
import { beforeAll, describe, expect, test } from "vitest";
import { describeSomePorts } from "../support/ports.js";

const orderSeq = pgSequence("order_seq", { startWith: 100 });
const itemSeq = pgSequence("item_seq", { as: "integer", increment: 10 });

describeSomePorts("a subpath", ["pg, a pool", "PGlite"], (port) => {
  describe("allocate", () => {
    beforeAll(async () => {
      await port.db.query(createSequence(orderSeq));
      await port.db.query(createSequence(itemSeq));
    });

    test("an allocator prefetches", async () => {
      const ids = allocator(port.db, orderSeq, { size: 100 });
      expect(await Promise.all([ids.next(), ids.next(), ids.next()])).toEqual([100n, 101n, 102n]);
      for (let drawn = 3; drawn < 250; drawn++) await ids.next();
      expect(await ids.next()).toBe(350n);
      await ids.close();
    });

    test("a block allocator draws blocks", async () => {
      const ids = blockAllocator(port.db, itemSeq);
      expect([await ids.next(), await ids.next()]).toEqual([1, 2]);
      await ids.close();
    });

    test("a gapless counter rolls back with its transaction", async () => {
      const counter = gaplessCounter("invoice_no");
      await port.db.query(counter.create());
      expect(await port.db.begin((tx) => counter.next(tx))).toBe(1n);
      await expect(
        port.db.begin(async (tx) => {
          expect(await counter.next(tx)).toBe(2n);
          throw new Error("mine");
        }),
      ).rejects.toThrow("mine");
      expect(await port.db.begin((tx) => counter.next(tx))).toBe(2n);
    });
  });

  describe("catalog", () => {
    const declared = [pgSequence("declared_seq", { as: "integer", cache: 5, comment: "it's" }), orderSeq, itemSeq];

    test("a plan is applied, and then empty", async () => {
      const plan = planChanges(declared, await inspectSequences(port.db));
      expect(plan.changes).not.toEqual([]);
      await applyPlan(port.db, plan);
      expect(planChanges(declared, await inspectSequences(port.db)).changes).toEqual([]);
    });

    test("states are written as declarations", async () => {
      expect(pullDeclarations(await inspectSequences(port.db))).toContain('pgSequence("declared_seq"');
    });
  });

  describe("operate", () => {
    beforeAll(async () => {
      await port.db`create table rows (id bigserial primary key, note text)`;
      await port.db`insert into rows (id) values (1), (500)`;
    });

    test("status finds a sequence that is behind, and resync moves it", async () => {
      const find = async () =>
        (await sequenceStatus(port.db)).sequences.find(({ sequence }) => sequence.name === "rows_id_seq");
      expect((await find())?.problems.map(({ code }) => code)).toContain("BEHIND_COLUMN");
      await applyResync(port.db, await planResync(port.db));
      expect((await find())?.problems).toEqual([]);
      expect(await port.db`insert into rows default values returning id`).toEqual([{ id: 501n }]);
    });

    test("transfer compares two databases, and knows that they are one", async () => {
      await expect(planTransfer(port.db, port.db)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    });
  });
});
