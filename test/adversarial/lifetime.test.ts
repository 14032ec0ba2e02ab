import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { bind, createSequence, pgSequence, type Sql, sql } from "nextval";
import { expect, test } from "vitest";
import { useDatabase } from "../support/database.js";

const database = useDatabase();

test("limits of a call are not kept after it", async () => {
  const seq = pgSequence("limited_seq");
  const db = bind(database.client);
  await db.query(createSequence(seq));
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const call = async (): Promise<WeakRef<AbortSignal>> => {
    const { signal } = new AbortController();
    const limited = db.with({ signal });
    await limited.nextval(seq);
    await limited.begin(async (tx) => tx.with({ signal })`select 1`);
    return new WeakRef(signal);
  };
  const signals = await Promise.all(Array.from({ length: 10 }, call));
  await expect
    .poll(() => {
      collect();
      return signals.filter((signal) => signal.deref() !== undefined).length;
    })
    .toBeLessThan(2);
});

const typeOf = (round: number) => sql.identifier(`kind_${round}`);
const createType = (round: number) => sql`create type ${typeOf(round)} as enum ('a', 'b')`;
const listOf = (round: number, other: Sql) =>
  sql`select array['a', 'b']::${typeOf(round)}[] as list, ${other} as other`;

test("a type of a transaction that has not committed is asked for again", async () => {
  const db = bind(database.connect({ max: 3 }));
  for (let round = 0; round < 5; round++) {
    await db.begin(async (tx) => {
      await tx.query(createType(round));
      // Its answer comes when the transaction has ended for its handle, and not yet for others.
      tx.query(listOf(round, sql`pg_sleep(0.05)`)).execute();
    });
    expect(await db.query(listOf(round, sql`1`))).toMatchObject([{ list: ["a", "b"] }]);
  }
});
