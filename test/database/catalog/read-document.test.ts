import { bind, sql, type Transaction } from "nextval";
import { inspectSequences } from "nextval/catalog";
import { sequenceStatus } from "nextval/operate";
import { beforeAll, expect, test } from "vitest";
import { readDocument } from "../../../lib/server/read-json.js";
import { useDatabase } from "../../support/database.js";

const database = useDatabase();
const db = () => bind(database.client);

beforeAll(async () => {
  await database.client.unsafe(`
    create schema shop; create sequence shop.s; create view broken as select 1 / (select 0) as id;
    alter view broken alter column id set default nextval('shop.s')`);
});

/** The path that a statement of the caller sees. */
async function settings(tx: Pick<Transaction, "query">): Promise<unknown> {
  const [row] = await (tx as Transaction)`
    select current_setting('search_path') as path, current_setting('restrict_nonsystem_relation_kind',
      true) as restricted`;
  return row;
}

test("statements of the caller's transaction that are sent in between have the caller's path", async () => {
  await db().begin(async (tx) => {
    await tx`set local search_path = shop, public`;
    const before = await settings(tx);
    const reading = inspectSequences(tx);
    const meanwhile = settings(tx);
    expect(await meanwhile).toEqual(before);
    expect((await reading).searchPath).toEqual(["shop", "public"]);
    expect(await settings(tx)).toEqual(before);
    await sequenceStatus(tx);
    expect(await settings(tx)).toEqual(before);
  });
});

test("the path of the session outlives a transaction that has read", async () => {
  await db().session(async (session) => {
    await session`set search_path = shop`;
    const before = await settings(session);
    await session.begin((tx) => inspectSequences(tx));
    expect(await settings(session)).toEqual(before);
    expect((await inspectSequences(session)).defaultSchema).toBe("shop");
    expect(await settings(session)).toEqual(before);
    await session`reset search_path`;
  });
});

test("after an error the path is that of the caller again", async () => {
  await db().begin(async (tx) => {
    await tx`set local search_path = shop`;
    const before = await settings(tx);
    const failing = tx.savepoint((inner) => readDocument(inner, sql`select (1 / (select 0))::text`));
    await expect(failing).rejects.toMatchObject({ code: "22012" });
    expect(await settings(tx)).toEqual(before);
    const { sequences } = await sequenceStatus(tx, { columns: "all", views: true });
    expect(sequences).toMatchObject([{ columns: [{ notCompared: expect.stringContaining("division by zero") }] }]);
    expect(await settings(tx)).toEqual(before);
  });
});

test("takes a handle only", async () => {
  const { query } = db();
  for (const wrong of [{ query }, null, undefined, "postgresql://", () => {}, database.client]) {
    await expect(inspectSequences(wrong as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "the first argument must be a handle: a pool, a session or a transaction",
      hint: expect.stringContaining('Pass bind(pool), with bind of "nextval", "nextval/pg" or "nextval/pglite"'),
    });
  }
  await expect(readDocument({} as never, undefined as never)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});
