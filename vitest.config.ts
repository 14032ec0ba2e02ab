import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

interface Manifest {
  name: string;
  exports: Record<string, string | { default: string }>;
}

/** `nextval` and its subpaths as package.json exports them, but from the source: tests need no build. */
function sourceOfExports() {
  const { name, exports } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8")) as Manifest;
  return Object.entries(exports).flatMap(([subpath, target]) => {
    const built = /^\.\/dist\/(.+)\.js$/.exec(typeof target === "string" ? target : target.default)?.[1];
    if (built === undefined) return [];
    return {
      find: new RegExp(`^${name}${subpath.slice(1)}$`),
      replacement: fileURLToPath(new URL(`./${built}.ts`, import.meta.url)),
    };
  });
}

export default defineConfig({
  resolve: { alias: sourceOfExports() },
  test: {
    // A pool of processes: a test file that leaves a connection open, or crashes, takes nobody with it.
    pool: "forks",
    // Much of the time a test waits for the server or for a process.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      // One file after another in a process, here and for the command: starting it and loading the library takes longer than
      // most of these files do, and they leave no connection to a server that they have killed.
      { extends: true, test: { name: "unit", isolate: false, include: ["test/unit/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "database",
          include: ["test/{database,property,server}/**/*.test.ts", "test/*.test.ts"],
          globalSetup: "test/server/global-setup.ts",
        },
      },
      {
        extends: true,
        test: {
          name: "command",
          isolate: false,
          include: ["test/cli/**/*.test.ts"],
          globalSetup: ["test/server/global-setup.ts", "test/cli/global-setup.ts"],
        },
      },
    ],
  },
});
