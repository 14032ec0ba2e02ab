import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { isBuilt } from "../is-built.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

beforeAll(async () => {
  if (!(await isBuilt())) await run("npm", ["run", "build"], { cwd: root });
});

test("the published types are what test/types says", async () => {
  const args = ["--typings", "dist/lib/index.d.ts", "--files", "test/types/**/*.test-d.ts"];
  const complaints = await run(process.execPath, [`${root}node_modules/tsd/dist/cli.js`, ...args], { cwd: root }).then(
    ({ stdout, stderr }) => stdout + stderr,
    ({ message, stdout, stderr }: Error & { stdout: string; stderr: string }) => stdout + stderr || message,
  );
  expect(complaints).toBe("");
});
