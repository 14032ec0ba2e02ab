import type { TestProject } from "vitest/node";
import { reachServer } from "./server.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the server of this run is, as a role that may create databases. */
    serverUrl: string;
  }
}

/** One server for the whole run; each test file makes a database of its own on it, with `useDatabase`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await reachServer();
  project.provide("serverUrl", server.url);
  return () => server.stop();
}
