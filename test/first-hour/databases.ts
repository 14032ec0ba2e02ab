import { randomBytes } from "node:crypto";
import postgres from "postgres";

/** Makes databases on a server, and drops them. */
export interface Databases {
  /** A new one, empty. */
  create(): Promise<TestedDatabase>;
  /** A role that may log in and has no privileges. */
  readonly role: string;
  /** The url of a database for that role. */
  urlForRole(database: TestedDatabase): string;
  drop(): Promise<void>;
}

export interface TestedDatabase {
  readonly name: string;
  readonly url: string;
  /** Runs statements there. */
  run(statements: string): Promise<postgres.RowList<postgres.Row[]>>;
}

const PASSWORD = "look";

export async function databasesOn(serverUrl: string): Promise<Databases> {
  const suffix = randomBytes(6).toString("hex");
  const role = `nextval_hour_${suffix}`;
  const names: string[] = [];
  const server = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await server.unsafe(`create role ${role} login password '${PASSWORD}'`);

  return {
    role,
    async create() {
      const name = `nextval_hour_${suffix}_${names.length}`;
      names.push(name);
      await server.unsafe(`create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`);
      const url = new URL(serverUrl);
      url.pathname = `/${name}`;
      return { name, url: url.href, run: (statements) => runOn(url.href, statements) };
    },
    urlForRole({ url }) {
      const changed = new URL(url);
      changed.username = role;
      changed.password = PASSWORD;
      return changed.href;
    },
    async drop() {
      for (const name of names) await server.unsafe(`drop database if exists ${name} with (force)`);
      await server.unsafe(`drop role ${role}`);
      await server.end({ timeout: 1 });
    },
  };
}

async function runOn(url: string, statements: string): Promise<postgres.RowList<postgres.Row[]>> {
  const client = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await client.unsafe(statements);
  } finally {
    await client.end({ timeout: 1 });
  }
}
