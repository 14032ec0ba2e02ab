import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { HAS_LONG_FILES } from "./test/support/effort.js";
import { NOT_OVER_PG } from "./test/support/not-over-pg.js";

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
    const source = subpath === "." && isOverPg ? "test/support/over-pg" : built;
    return {
      find: new RegExp(`^${name}${subpath.slice(1)}$`),
      replacement: fileURLToPath(new URL(`./${source}.ts`, import.meta.url)),
    };
  });
}

/** Whether the tests of what stands on a handle run over node-postgres. `npm run test:matrix` sets it. */
const isOverPg = process.env["NEXTVAL_TEST_PORT"] === "pg";

/** Files that start, kill or cut off servers: a promise of a driver may fail long after the test is over. */
const WITH_SERVERS = [
  "test/server/**/*.test.ts",
  "test/database/{crash,crash.long,catalog/crash}.test.ts",
  "test/adversarial/{chaos,failover.long,history,kill.long}.test.ts",
  "test/database/allocate/{allocator,block-allocator,crash-gap.long,uniqueness}.test.ts",
  "test/database/operate/{extremes.long,failures,standby.long,status.long}.test.ts",
];

/** What takes long, or runs the tools of others: `npm run test:long` and the matrix run it as well. */
const LONG = HAS_LONG_FILES ? [] : ["**/*.long.test.ts"];

export default defineConfig({
  resolve: { alias: sourceOfExports() },
  test: {
    // A pool of processes: a test file that leaves a connection open, or crashes, takes nobody with it.
    pool: "forks",
    // Much of the time a test waits for the server or for a process.
    maxWorkers: 4,
    // Vitest's own, which it chooses by where it runs, and why tests were skipped.
    reporters: ["default", "./test/support/skipped.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    ...(isOverPg ? { testNamePattern: new RegExp(`^(?!.*(?:${NOT_OVER_PG.join("|")}))`) } : {}),
    expect: { poll: { timeout: 30_000 } },
    projects: [
      // One file after another in a process, but where servers are killed: starting it and loading the library takes
      // longer than most of the files do.
      { extends: true, test: { name: "unit", isolate: false, include: ["test/unit/**/*.test.ts"], exclude: LONG } },
      {
        extends: true,
        test: {
          name: "database",
          isolate: false,
          include: [
            "test/{adversarial,cli,conformance,database,drivers,pages,property}/**/*.test.ts",
            "test/*.test.ts",
          ],
          exclude: [...WITH_SERVERS, ...LONG],
          globalSetup: ["test/server/global-setup.ts", "test/support/command/global-setup.ts"],
        },
      },
      {
        extends: true,
        test: { name: "servers", include: WITH_SERVERS, exclude: LONG, globalSetup: "test/server/global-setup.ts" },
      },
    ],
  },
});
