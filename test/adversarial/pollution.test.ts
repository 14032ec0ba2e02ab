import { bind, createSequence, pgSequence, sql } from "nextval";
import { allocator } from "nextval/allocate";
import { describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { first } from "../support/effort.js";

const database = useDatabase();
const prototype = Object.prototype as unknown as Record<string, unknown>;

/** What the handle gives to its statements and calls, and reads from options that are not given. */
const NAMES = [
  "simple",
  "unprepared",
  "take",
  "types",
  "reading",
  "describes",
  "wait",
  "waitTimeout",
  "durable",
  "timeout",
  "signal",
  "retries",
];

describe("a property that somebody has added to Object.prototype is not an option of a handle", () => {
  test.each(first(6, NAMES))("%s", async (name) => {
    const seq = pgSequence(`polluted_${name.toLowerCase()}`);
    await bind(database.client).query(createSequence(seq));
    for (const value of first(1, ["'; select 1; --", true, { a: 1 }])) {
      const client = database.connect({ max: 1 });
      await client`select 1`;
      Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
      try {
        const db = bind(client);
        const answers = Promise.all([
          db`select ${"a"} as value`,
          db`select ${{ a: 5 }}::jsonb as value`,
          db.nextval(seq, {}),
          db.with({})`select 2 as value`,
          db.begin((tx) => tx`select 3 as value`),
          db.begin((tx) => tx`select 3 as value`, {}),
          allocator(db, seq, { size: 1, lowWater: 0 }).next(),
          db.session(async (session) => session.query(sql`select ${[4]}::integer[] as value`)),
        ]);
        expect(await answers).toEqual([
          [{ value: "a" }],
          [{ value: { a: 5 } }],
          expect.any(BigInt),
          [{ value: 2 }],
          [{ value: 3 }],
          [{ value: 3 }],
          expect.any(BigInt),
          [{ value: [4] }],
        ]);
      } finally {
        delete prototype[name];
      }
    }
  });
});
