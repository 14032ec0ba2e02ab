import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { withDatabase } from "../../examples/database.js";
import { useDatabase } from "../support/database.js";
import { checkRole } from "./global-setup.js";

describe("useDatabase", () => {
  const early = useDatabase();

  test("is ready in tests, not while the file is collected", () => {
    expect(earlyMistake).toThrow("The database is there once the tests run");
  });

  const earlyMistake = ((): (() => never) => {
    try {
      void early.client;
    } catch (error) {
      return () => {
        throw error;
      };
    }
    throw new Error("database.client was there too early.");
  })();

  test("gives an empty database in UTF8", async () => {
    const [row] = await early.client`select current_database() as name, current_setting('server_encoding') as encoding`;
    expect(row).toEqual({ name: early.name, encoding: "UTF8" });
    expect(await early.client`select from pg_class where relnamespace = 'public'::regnamespace`).toHaveLength(0);
  });

  test("gives further clients of the same database", async () => {
    const other = early.connect({ max: 1, connection: { application_name: "other" } });
    const [row] = await other`select current_database() as name, current_setting('application_name') as application`;
    expect(row).toEqual({ name: early.name, application: "other" });
    expect(new URL(early.url).pathname).toBe(`/${early.name}`);
  });
});

describe("useDatabase, once its tests are done,", () => {
  let name: string;

  describe("", () => {
    const database = useDatabase({ max: 1 });

    test("has a connection that never ends", async () => {
      name = database.name;
      const busy = await database.connect().reserve();
      await busy`begin`;
      await database.client`create sequence left_behind`;
    });
  });

  test("has dropped the database nevertheless", async () => {
    const server = postgres(inject("serverUrl"), { max: 1 });
    expect(await server`select from pg_database where datname = ${name}`).toHaveLength(0);
    await server.end();
  });
});

test("a role in DATABASE_URL that is not a superuser is refused before the first test", async () => {
  const server = postgres(inject("serverUrl"), { max: 1 });
  const role = `nextval_plain_${randomBytes(6).toString("hex")}`;
  await server.unsafe(`create role ${role} login password 'plain'`);
  try {
    const url = new URL(inject("serverUrl"));
    await checkRole(url.href);
    url.username = role;
    url.password = "plain";
    await expect(checkRole(url.href)).rejects.toThrow("The role in DATABASE_URL is not a superuser. The tests create");
  } finally {
    await server.unsafe(`drop role ${role}`);
    await server.end();
  }
});

describe("withDatabase", () => {
  const database = useDatabase();
  afterEach(() => vi.unstubAllEnvs());

  async function schemas(): Promise<string[]> {
    const rows = await database.client`select nspname as name from pg_namespace where nspname like 'nextval_example%'`;
    return rows.map(({ name }) => name as string);
  }

  test("works in an emptied schema of the database at DATABASE_URL, and removes it", async () => {
    vi.stubEnv("DATABASE_URL", database.url);
    await database.client`create schema nextval_example`;
    await database.client`create sequence nextval_example.order_seq`;
    const result = await withDatabase("nextval_example", async (client) => {
      await client`create sequence order_seq`;
      const [row] =
        await client`select 'order_seq'::regclass::oid = 'nextval_example.order_seq'::regclass::oid as same`;
      return row;
    });
    expect(result).toEqual({ same: true });
    expect(await schemas()).toEqual([]);
  });

  test("removes the schema if the example fails, and passes on its error", async () => {
    vi.stubEnv("DATABASE_URL", database.url);
    const failure = withDatabase('nextval_example "quoted"', async (client) => {
      await client`create sequence order_seq`;
      const session = await client.reserve();
      await session`begin`;
      await session`select nextval('order_seq')`;
      throw new Error("on purpose");
    });
    await expect(failure).rejects.toThrow("on purpose");
    expect(await schemas()).toEqual([]);
  });

  test("asks for DATABASE_URL, and for how to do without", async () => {
    vi.stubEnv("DATABASE_URL", undefined);
    const started = withDatabase("nextval_example", (client) => client`select 1`);
    await expect(started).rejects.toThrow(
      "Set DATABASE_URL, or start a server for the example as well: npm run example",
    );
  });
});
