import { setTimeout } from "node:timers/promises";
import { bind, pgSequence } from "nextval";
import { applyPlan, inspectSequences, planChanges } from "nextval/catalog";
import { beforeAll, expect, test } from "vitest";
import { inspectWithLockTimeout } from "../../../lib/cli/database/inspect-database.js";
import { useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";

const database = useDatabase();

/**
 * In milliseconds: long enough to meet a dozen. Before 18, where a function fails for a dropped sequence, they are
 * harder to meet.
 */
const TIME = process.env["NEXTVAL_TEST_SERVER"] === undefined ? 500 : 2_000;

beforeAll(async () => {
  await database.client.unsafe(
    "do $$ begin for n in 1..50 loop execute format('create sequence kept_%s', n); end loop; end $$",
  );
});

/**
 * Creates and drops sequences, with a short pause between, until it is stopped. Before 18 a reader locks a sequence. So
 * a session that drops several may run into a deadlock, and then drops them again.
 */
function hammer(create: string, drop: string): { stop(): Promise<void> } {
  let stopped = false;
  const client = database.connect({ max: 1 });
  const dropped = () =>
    client
      .begin(async (tx) => {
        await tx.unsafe(drop);
        // A session that reads it waits, and then finds it gone.
        await setTimeout(5);
        return true;
      })
      .catch((error: { code?: string }) => {
        if (error.code === "40P01") return false;
        throw error;
      });
  const work = (async () => {
    while (!stopped) {
      await client.unsafe(create);
      while (!(await dropped())) await setTimeout(5);
      await setTimeout(20);
    }
    await client.end();
  })();
  return {
    async stop() {
      stopped = true;
      await work;
    },
  };
}

test.each(
  first(1, [
    [
      "sequences",
      "create sequence a_seq; create sequence b_seq; select nextval('b_seq')",
      "drop sequence a_seq, b_seq",
    ],
    ["tables", "create table t (id serial primary key, n int default nextval('kept_1'::text))", "drop table t"],
    ["schemas", "create schema s create sequence a_seq create table t (id serial)", "drop schema s cascade"],
  ]),
)("%s that are dropped concurrently do not prevent reading the others", async (_what, create, drop) => {
  const others = hammer(create, drop);
  const db = bind(database.client);
  let cache = 1;
  try {
    for (const end = Date.now() + TIME; Date.now() < end;) {
      const alone = await inspectSequences(db);
      expect(alone.sequences.filter(({ seqName }) => seqName.startsWith("kept_"))).toHaveLength(50);
      const together = await inspectWithLockTimeout(db, { schemas: undefined, lockTimeout: undefined });
      expect(together.sequences.filter(({ seqName }) => seqName.startsWith("kept_"))).toHaveLength(50);
      await applyPlan(db, planChanges([pgSequence("kept_1", { cache: (cache = 3 - cache) })], alone), {
        allow: ["CACHE_BREAKS_ORDER"],
      });
    }
  } finally {
    await others.stop();
  }
});

test("a sequence that is altered concurrently is read again", async () => {
  await database.client.unsafe("create sequence altered_seq");
  const client = database.connect({ max: 1 });
  let going = true;
  const others = (async () => {
    for (let start = 1; going; start++) await client.unsafe(`alter sequence altered_seq restart with ${start}`);
  })();
  try {
    for (const end = Date.now() + TIME; Date.now() < end;) {
      const { sequences } = await inspectSequences(bind(database.client));
      expect(sequences.find(({ seqName }) => seqName === "altered_seq")).toMatchObject({ isCalled: false });
    }
  } finally {
    going = false;
    await others;
    await client.unsafe("drop sequence altered_seq");
  }
});
