import { bind, type Database, pgSequence, type SequenceLike } from "nextval";
import { applyPlan, inspectSequences, planChanges } from "nextval/catalog";
import { applyTransfer, planTransfer } from "nextval/operate";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../../server/server.js";

const COUNT = 10_000;
/** What the lock table of a server with default settings has room for. */
const ROOM = 6400;

let server: Server;
let client: postgres.Sql;
let db: Database;

// A server of its own, because a transaction that fills the lock table makes statements of all others fail.
beforeAll(async () => {
  server = await startServer();
  client = postgres(server.url, { max: 2, onnotice: () => {} });
  db = bind(client);
});

afterAll(async () => {
  await client.end({ timeout: 1 });
  await server.stop();
});

const declared = (cache: number): SequenceLike[] =>
  Array.from({ length: COUNT }, (_, number) => pgSequence(`many_${number}`, { cache }));

const slice = (all: readonly SequenceLike[]) => [all.slice(0, ROOM - 400), all.slice(ROOM - 400)];

const REFUSAL = {
  code: "PLAN_REFUSED",
  message: expect.stringContaining(`the plan locks ${COUNT} sequences and tables in one transaction`),
  hint: expect.stringMatching(
    /^Apply at most 6\d\d\d of the changes at a time, or raise max_locks_per_transaction from 64 to 10\d /,
  ),
};

test(
  "10,000 sequences are created, and altered, in parts that the server has room to lock",
  { timeout: 900_000 },
  async () => {
    for (const cache of [1, 5]) {
      const all = declared(cache);
      const before = await inspectSequences(db);
      await expect(applyPlan(db, planChanges(all, before), { allow: ["CACHE_BREAKS_ORDER"] })).rejects.toMatchObject(
        REFUSAL,
      );
      expect(await inspectSequences(db)).toEqual(before);
      for (const part of slice(all)) {
        await applyPlan(db, planChanges(part, await inspectSequences(db)), { allow: ["CACHE_BREAKS_ORDER"] });
      }
      expect(planChanges(all, await inspectSequences(db)).changes).toEqual([]);
    }
  },
);

test(
  "a transfer of more sequences than the target can lock is refused before it locks one",
  { timeout: 300_000 },
  async () => {
    await client`create database other template template0`;
    const other = postgres(Object.assign(new URL(server.url), { pathname: "/other" }).href, {
      max: 2,
      onnotice: () => {},
    });
    try {
      for (const part of slice(declared(5))) {
        await applyPlan(bind(other), planChanges(part, await inspectSequences(bind(other))), {
          allow: ["CACHE_BREAKS_ORDER"],
        });
      }
      const plan = await planTransfer(db, bind(other));
      expect(plan.sequences).toHaveLength(COUNT);
      await expect(applyTransfer(db, bind(other), plan)).rejects.toMatchObject({
        code: "TRANSFER_REFUSED",
        message: expect.stringContaining(`the transfer locks ${COUNT} sequences of the target in one transaction`),
        hint: expect.stringMatching(
          /^Transfer fewer schemas at a time, or raise max_locks_per_transaction from 64 to 10\d /,
        ),
      });
    } finally {
      await other.end({ timeout: 1 });
    }
  },
);
