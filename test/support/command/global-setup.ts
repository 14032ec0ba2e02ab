import { rm } from "node:fs/promises";
import type { TestProject } from "vitest/node";
import { buildCopy } from "./build-copy.js";
import { bundleCommand } from "./run-resident.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** A folder with the library as it is built for this run. */
    library: string;
  }
}

/** Builds the library once for all tests of the command, or copies an existing build. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const library = await buildCopy();
  await bundleCommand(library);
  project.provide("library", library);
  return () => rm(library, { recursive: true });
}
