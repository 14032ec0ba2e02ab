import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, beforeAll, inject } from "vitest";

export interface TestDatabase {
  /**
   * Connected as the role that owns the database. Ready in tests and in hooks, not while the file is being collected.
   */
  readonly client: postgres.Sql;
  readonly url: string;
  readonly name: string;
  /** Another client of the same database, ended when the file is done. */
  connect(options?: postgres.Options<{}>): postgres.Sql;
}

/**
 * A fresh, empty database for the tests of one file, dropped after the last of them. Call it once, at the top.
 *
 * ```ts
 * const database = useDatabase();
 *
 * test("starts at 1", async () => {
 *   await database.client`create sequence order_seq`;
 * });
 * ```
 *
 * @param options for `database.client`, as the driver takes them
 */
export function useDatabase(options: postgres.Options<{}> = {}): TestDatabase {
  const name = `nextval_test_${randomBytes(6).toString("hex")}`;
  const clients: postgres.Sql[] = [];
  let url: string | undefined;
  let client: postgres.Sql | undefined;

  const database: TestDatabase = {
    name,
    get client() {
      return ready(client);
    },
    get url() {
      return ready(url);
    },
    connect(clientOptions = {}) {
      const another = postgres(database.url, { onnotice: () => {}, ...clientOptions });
      clients.push(another);
      return another;
    },
  };

  beforeAll(async () => {
    // Copied files cost the server a third of logged pages. Before 15 it has no other way.
    const strategy = (await serverVersion(server())) < 15 ? "" : "strategy file_copy";
    // template0 and "C" go with UTF8 whatever the defaults of the server are.
    await server().unsafe(
      `create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C' ${strategy}`,
    );
    const address = new URL(inject("serverUrl"));
    address.pathname = `/${name}`;
    url = address.href;
    client = database.connect(options);
  });

  afterAll(async () => {
    // A connection that a failed test left in a transaction would never end.
    await Promise.all(clients.map((each) => each.end({ timeout: 1 })));
    await waitUntilLeft(name);
    await server().unsafe(`drop database if exists ${name} with (force)`);
  });

  return database;
}

/** Drops every schema, and makes an empty one. */
export async function empty(client: postgres.Sql): Promise<void> {
  await client.unsafe(`
    do $$ declare name text; begin
      for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('drop schema %I cascade', name);
      end loop;
      create schema public;
    end $$`);
}

/**
 * The major version of the server, such as 14, for what servers do differently. A test never skips an older server: it
 * holds what that server does instead.
 */
export async function serverVersion(client: postgres.Sql): Promise<number> {
  const [row] = await client<[{ major: number }]>`select current_setting('server_version_num')::int / 10000 as major`;
  return row.major;
}

/**
 * Whether the server asks for passwords; with `trust` in pg_hba.conf it lets anybody in. Tests of wrong passwords are
 * skipped there.
 */
export async function asksForPasswords({ url }: TestDatabase): Promise<boolean> {
  const wrong = new URL(url);
  wrong.password = randomBytes(16).toString("hex");
  const client = postgres(wrong.href, { max: 1 });
  try {
    return await client`select`.then(
      () => false,
      () => true,
    );
  } finally {
    await client.end({ timeout: 1 });
  }
}

/** Why a test of wrong passwords is skipped. */
export const NEEDS_PASSWORDS = "needs a server that asks for passwords; the one at DATABASE_URL lets anybody in";

/** Creates and drops the databases of all files of this process, one after another. */
let admin: postgres.Sql | undefined;

function server(): postgres.Sql {
  admin ??= postgres(inject("serverUrl"), { max: 1, fetch_types: false, onnotice: () => {} });
  return admin;
}

/** A client of pg that is ended while it ends by itself throws where nobody can catch it. */
async function waitUntilLeft(name: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const sessions = await server()`select from pg_stat_activity where datname = ${name}`;
    if (sessions.length === 0) return;
    await sleep(25);
  }
}

function ready<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The database is there once the tests run: use it in a test or a hook.");
  return value;
}
