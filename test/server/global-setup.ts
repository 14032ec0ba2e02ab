import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { reachServer } from "./server.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The address of this run's server, as a superuser. */
    serverUrl: string;
  }
}

/** One server for the whole run. Each test file creates its own database on it, with `useDatabase`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await reachServer();
  if (process.env["DATABASE_URL"]) await checkRole(server.url);
  project.provide("serverUrl", server.url);
  return () => server.stop();
}

/** Without a superuser hundreds of tests would fail, each with a message of its own. */
export async function checkRole(url: string): Promise<void> {
  const client = postgres(url, { max: 1 });
  try {
    const [row] = await client`select rolname as name, rolsuper as super from pg_roles where rolname = current_user`;
    if (row?.["super"] === true) return;
  } finally {
    await client.end({ timeout: 1 });
  }
  throw new Error(
    "The role in DATABASE_URL is not a superuser. " +
      "The tests create roles, change settings and end sessions of others: " +
      "give a superuser of a server for tests, or unset DATABASE_URL to have one started.",
  );
}
