import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * The tests in a browser: of the built site, which `npm run docs:build` makes, and of the page of status. Also what the
 * pages and the docstrings show, the tests of the examples with packages of their own, and the examples that take too
 * long for `npm test`.
 */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("../..", import.meta.url)),
    globalSetup: ["test/server/global-setup.ts", "test/support/command/global-setup.ts"],
    include: ["test/{browser,docs,pages}/**/*.test.ts", "test/examples.long.test.ts"],
    env: { PAGES: process.env["PAGES"] ?? "" },
    reporters: ["default", "./test/support/skipped.ts"],
    // Each file has a browser.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
