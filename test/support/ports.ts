import type { PGlite } from "@electric-sql/pglite";
import { bind, type BindOptions, type Database } from "nextval";
import { bind as bindPg } from "nextval/pg";
import { bind as bindPGlite } from "nextval/pglite";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, type TestContext } from "vitest";
import { type TestDatabase, useDatabase } from "./database.js";
import { HAS_LONG_FILES } from "./effort.js";
import { startPGlite } from "./pglite.js";

/** What a port may be unable to do. */
export type Ability = "several sessions" | "stop a running statement" | "lose a connection" | "portals";

/** A port under test, on a database of its own. */
export interface PortUnderTest {
  readonly name: string;
  /** A handle of the port. Ready in tests and in hooks. */
  readonly db: Database;
  /** The same client, bound again. */
  bind(options: BindOptions): Database;
  /** Skips the test if the port has not the ability, and says why. */
  needs(ability: Ability, context: TestContext): void;
}

type Bind = (options?: BindOptions) => Database;

interface Kind {
  readonly lacks: { readonly [Missing in Ability]?: string };
  /** Opens a client of the port. */
  open(database: TestDatabase | undefined): Promise<{ readonly bind: Bind; end(): Promise<unknown> }>;
}

const ONE_CONNECTION = "the client has one connection";
const NO_PORTALS = "cursors are DECLARE and FETCH, which read queries only";

const KINDS: { readonly [name: string]: Kind } = {
  "postgres.js": {
    lacks: {},
    open: async (database) => {
      const client = database?.connect({ max: 4 }) ?? never();
      return { bind: (options) => bind(client, options), end: () => client.end({ timeout: 1 }) };
    },
  },
  "pg, a pool": {
    lacks: { portals: NO_PORTALS },
    open: async (database) => {
      const pool = new Pool({ connectionString: database?.url, max: 4 });
      return { bind: (options) => bindPg(pool, options), end: () => pool.end() };
    },
  },
  "pg, a client": {
    lacks: { portals: NO_PORTALS, "several sessions": ONE_CONNECTION },
    open: async (database) => {
      const client = new Client({ connectionString: database?.url });
      await client.connect();
      return { bind: (options) => bindPg(client, options), end: () => client.end() };
    },
  },
  PGlite: {
    lacks: {
      portals: NO_PORTALS,
      "several sessions": ONE_CONNECTION,
      "stop a running statement": "PGlite runs in this process, which waits for each statement",
      "lose a connection": "PGlite runs in this process",
    },
    open: async () => {
      const client = await sharedPGlite();
      return { bind: (options) => bindPGlite(client, options), end: async () => {} };
    },
  },
};

/** The ports of ordinary runs. A client of pg is one connection, as PGlite is, and reads values as a pool does. */
const ORDINARY = Object.keys(KINDS).filter((name) => name !== "pg, a client");

let shared: Promise<PGlite> | undefined;

/** Returns an empty PGlite. Starting one takes its time, so all files of a process share it. */
export async function sharedPGlite(): Promise<PGlite> {
  shared ??= startPGlite();
  const client = await shared;
  const { rows } = await client.query<{ schema: string }>(
    "select format('%I', nspname) as schema from pg_namespace where nspname !~ '^pg_|^information_schema$'",
  );
  for (const { schema } of rows) await client.exec(`drop schema ${schema} cascade`);
  for (const text of ["create schema public", "discard all"]) await client.exec(text);
  return client;
}

/** Describes the tests of `body` for each port, on an empty database. */
export function describePorts(title: string, body: (port: PortUnderTest) => void): void {
  describeSomePorts(title, ORDINARY, body);
}

/** The same with these ports in ordinary runs, which stand for the others. */
export function describeSomePorts(
  title: string,
  ordinary: readonly string[],
  body: (port: PortUnderTest) => void,
): void {
  const kinds = Object.entries(KINDS).filter(([name]) => HAS_LONG_FILES || ordinary.includes(name));
  describe.each(kinds)(`${title}, over %s`, (name, { lacks, open }) => {
    const database = name === "PGlite" ? undefined : useDatabase();
    let bindAgain: Bind | undefined;
    let db: Database | undefined;
    let end: () => Promise<unknown> = async () => {};
    beforeAll(async () => {
      const opened = await open(database);
      bindAgain = opened.bind;
      end = opened.end;
      db = bindAgain();
    });
    afterAll(() => end());
    body({
      name,
      get db() {
        return db ?? never();
      },
      bind: (options) => bindAgain?.(options) ?? never(),
      needs(ability, context) {
        const reason = lacks[ability];
        if (reason !== undefined) context.skip(`${name}: ${reason}`);
      },
    });
  });
}

function never(): never {
  throw new Error("The port is open once the tests run: use it in a test or a hook.");
}
