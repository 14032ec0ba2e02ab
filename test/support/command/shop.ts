import { beforeEach } from "vitest";
import { type TestDatabase, useDatabase } from "../database.js";
import { type Project, useProjects } from "./project.js";
import type { Finished } from "./start-process.js";

/** A database with two tables and a sequence without one, as it is before each test, and commands that run on it. */
export interface Shop {
  readonly database: TestDatabase;
  /** Runs a command in an empty folder. */
  run(...args: string[]): Promise<Finished>;
  /** Runs a command in a folder with these files. */
  runIn(files: Readonly<Record<string, string>>, ...args: string[]): Promise<Finished>;
  /** Runs a command while another session has a table locked against reading. */
  runWhileLocked(table: string, ...args: string[]): Promise<Finished>;
  /** Inserts rows with explicit keys, as an import does. */
  importRows(): Promise<void>;
  makeProject(): Promise<Project>;
}

export function useShop(): Shop {
  const database = useShopDatabase();
  const makeProject = useProjects();
  const runIn: Shop["runIn"] = async (files, ...args) => {
    const project = await makeProject(files);
    return await project.runSharedWith(args, { DATABASE_URL: database.url });
  };
  return {
    database,
    makeProject,
    runIn,
    run: (...args) => runIn({}, ...args),
    async runWhileLocked(table, ...args) {
      const holder = await database.connect({ max: 1 }).reserve();
      await holder`begin`;
      await holder`lock table ${holder(table)}`;
      const result = await runIn({}, ...args);
      await holder`rollback`;
      holder.release();
      return result;
    },
    async importRows() {
      await database.client`insert into orders (id) select n from generate_series(1, 500) n`;
      await database.client`insert into tickets overriding system value values (70)`;
    },
  };
}

/** The same database without commands, such as the target of a transfer. */
export function useShopDatabase(): TestDatabase {
  const database = useDatabase();
  beforeEach(async () => {
    await database.client.unsafe(`
      drop schema public cascade; create schema public;
      create table orders (id serial primary key, note text);
      create table tickets (id int generated always as identity primary key);
      create sequence small_seq as smallint`);
  });
  return database;
}

/** A configuration that accepts a finding. */
export const accepting = (code: string, sequence: string) => ({
  "nextval.config.ts": `export default {
    accepted: [{ code: "${code}", sequence: "${sequence}", reason: "rows of the old system" }] };`,
});

/** A configuration that leaves a sequence out. */
export const EXCLUDING = { "nextval.config.ts": `export default { exclude: ["orders_*"] };` };

/** A declaration that names the column which programs fill, and a configuration that names one that is gone. */
export const FEEDING = {
  "nextval.config.mjs":
    'export default { declarations: "seqs.ts", feeds: [{ sequence: "small_seq", table: "gone", column: "id" }] };',
  "seqs.ts":
    'import { pgSequence } from "nextval";\n' +
    'export const small = pgSequence("small_seq", { as: "smallint", feeds: { table: "notes", column: "id" } });',
};
