import { promises as fs } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { resolveBinary } from "dbmate";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as migrateDrizzle } from "drizzle-orm/postgres-js/migrator";
import { Logger, migrate as migrateGraphile } from "graphile-migrate";
import createKnex from "knex";
import { FileMigrationProvider, Kysely, Migrator, PostgresDialect } from "kysely";
import type { GenerateOptions } from "nextval/catalog";
import { Pool } from "pg";
import postgres from "postgres";
import { Sequelize } from "sequelize";
import { memoryStorage, Umzug } from "umzug";
import { startProcess } from "./command/start-process.js";

/** A migration tool that runs what is generated for it. */
export interface MigrationTool {
  readonly options: Pick<GenerateOptions, "format" | "extension">;
  /** What `generate` refuses in names for this tool only. */
  readonly refused?: RegExp;
  up(folder: string, url: string): Promise<void>;
  /** Missing if the tool has no way back. */
  down?(folder: string, url: string): Promise<void>;
}

const require = createRequire(import.meta.url);

export const MIGRATION_TOOLS: readonly MigrationTool[] = [
  {
    options: { format: "dbmate" },
    // A dump would need pg_dump.
    ...commands(resolveBinary(), ["--no-dump-schema", "--migrations-dir", "."], "migrate", "rollback"),
  },
  {
    options: { format: "node-pg-migrate" },
    ...commands(
      process.execPath,
      [fileURLToPath(import.meta.resolve("node-pg-migrate/bin/node-pg-migrate")), "--migrations-dir", "."],
      "up",
      "down",
    ),
  },
  {
    options: { format: "drizzle" },
    refused: /--> statement-breakpoint/g,
    async up(folder, url) {
      const client = postgres(url, { max: 1, onnotice: () => {} });
      await migrateDrizzle(drizzle(client), { migrationsFolder: folder }).finally(() => client.end());
    },
  },
  {
    options: { format: "prisma" },
    refused: /;/g,
    async up(folder, url) {
      const client = postgres(url, { max: 1, onnotice: () => {} });
      await client.unsafe(PRISMA_BASELINE).finally(() => client.end());
      await prisma(folder, url, ["migrate", "deploy"]);
    },
    async down(folder, url) {
      const [last] = (await readdir(folder))
        .filter((name) => /^\d/.test(name))
        .sort()
        .slice(-1);
      await prisma(folder, url, ["db", "execute", "--schema", "schema.prisma", "--file", `${last}/down.sql`]);
    },
  },
  {
    options: { format: "knex", extension: "cjs" },
    refused: /\\\?/g,
    up: (folder, url) => withKnex(folder, url, (knex) => knex.migrate.latest()),
    down: (folder, url) => withKnex(folder, url, (knex) => knex.migrate.rollback()),
  },
  {
    options: { format: "kysely", extension: "mjs" },
    up: (folder, url) => withKysely(folder, url, (migrator) => migrator.migrateToLatest()),
    down: (folder, url) => withKysely(folder, url, (migrator) => migrator.migrateDown()),
  },
  {
    options: { format: "umzug", extension: "cjs" },
    ...umzug((url) => {
      const sequelize = new Sequelize(url, { logging: false });
      return { context: sequelize.getQueryInterface(), close: () => sequelize.close() };
    }),
  },
  {
    options: { format: "umzug", extension: "js" },
    ...umzug((url) => {
      const pool = new Pool({ connectionString: url });
      return { context: pool, close: () => pool.end() };
    }),
  },
  {
    options: { format: "graphile-migrate" },
    refused: /:(?=[A-Z])/g,
    up: (folder, url) =>
      migrateGraphile({ connectionString: url, migrationsFolder: folder, logger: new Logger(() => () => {}) }),
  },
];

function commands(
  program: string,
  args: readonly string[],
  up: string,
  down: string,
): Required<Pick<MigrationTool, "down" | "up">> {
  const runIn = (direction: string) => (folder: string, url: string) =>
    run(program, [...args, direction], folder, { DATABASE_URL: url, PGSSLMODE: "disable" });
  return { up: runIn(up), down: runIn(down) };
}

/** Runs a program, which must succeed. */
async function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { status, stdout, stderr } = await startProcess(program, args, { cwd, env }).finished;
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stdout}${stderr}`);
}

/**
 * Prisma's engine is WebAssembly here, over `@prisma/adapter-pg`, because the engine that it downloads is not in npm.
 * It cannot read columns of the type `name` through that adapter (prisma/orm#27403), so the pool calls them text.
 */
const PRISMA_CONFIG = `
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { defineConfig } from "prisma/config";

class TextPool extends pg.Pool {
  async query(...args) {
    const result = await super.query(...args);
    for (const field of result.fields ?? []) if ([18, 19].includes(field.dataTypeID)) field.dataTypeID = 25;
    return result;
  }
}

export default defineConfig({
  schema: "schema.prisma",
  migrations: { path: "." },
  engine: "js",
  experimental: { adapter: true },
  adapter: async () =>
    new PrismaPg(new TextPool({ connectionString: process.env.DATABASE_URL }), { disposeExternalPool: true }),
});
`;

/** Prisma refuses a database that has tables at first. This is what `prisma migrate resolve` leaves of a baseline. */
const PRISMA_BASELINE = `
drop table if exists _prisma_migrations;
create table _prisma_migrations (
  id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz,
  migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
  started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`;

const PRISMA_SCHEMA = `
generator client {
  provider   = "prisma-client"
  output     = "client"
  engineType = "client"
}

datasource db {
  provider = "postgresql"
  url      = "postgresql://unused"
}
`;

async function prisma(folder: string, url: string, args: readonly string[]): Promise<void> {
  await writeFile(`${folder}/prisma.config.ts`, PRISMA_CONFIG);
  await writeFile(`${folder}/schema.prisma`, PRISMA_SCHEMA);
  const env = { DATABASE_URL: url, CHECKPOINT_DISABLE: "1", PRISMA_HIDE_UPDATE_MESSAGE: "1" };
  await run(process.execPath, [require.resolve("prisma/build/index.js"), ...args], folder, env);
}

async function withKnex(
  folder: string,
  url: string,
  use: (knex: ReturnType<typeof createKnex>) => Promise<unknown>,
): Promise<void> {
  const knex = createKnex({ client: "pg", connection: url, migrations: { directory: folder } });
  await use(knex).finally(() => knex.destroy());
}

async function withKysely(
  folder: string,
  url: string,
  use: (migrator: Migrator) => ReturnType<Migrator["migrateDown"]>,
): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }) });
  const provider = new FileMigrationProvider({ fs, path, migrationFolder: folder });
  const { error } = await use(new Migrator({ db, provider })).finally(() => db.destroy());
  if (error !== undefined) throw error;
}

interface UmzugContext {
  readonly context: object;
  close(): Promise<void>;
}

function umzug(open: (url: string) => UmzugContext): Required<Pick<MigrationTool, "down" | "up">> {
  const storage = memoryStorage();
  const use = (work: (umzug: Umzug<object>) => Promise<unknown>) => async (folder: string, url: string) => {
    const { context, close } = open(url);
    const glob = ["*.{cjs,mjs,js}", { cwd: folder }] as [string, { cwd: string }];
    await work(new Umzug<object>({ migrations: { glob }, context, storage, logger: undefined })).finally(close);
  };
  return { up: use((each) => each.up()), down: use((each) => each.down()) };
}

/** The text of a folder's migrations in their order. */
export async function textsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(names.map((name) => readFile(`${folder}/${name}`, "utf8")));
}
