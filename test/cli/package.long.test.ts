import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createAssortedSequences } from "../support/assorted-sequences.js";
import { buildCopy } from "../support/command/build-copy.js";
import { projectIn } from "../support/command/project.js";
import { dependencies, link, PG } from "../support/command/standalone.js";
import { type Finished, startProcess } from "../support/command/start-process.js";
import { useDatabase } from "../support/database.js";

const execute = promisify(execFile);
const installed = fileURLToPath(new URL("../../node_modules", import.meta.url));
const database = useDatabase({ onnotice: () => {} });

test("the published package: pull, compile, check, edit, push, check", { timeout: 120_000 }, async () => {
  const built = await buildCopy();
  const folder = await mkdtemp(`${tmpdir()}/nextval-package-`);
  try {
    await execute("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: built });
    const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz"));
    const modules = `${folder}/node_modules`;
    await mkdir(`${modules}/nextval`, { recursive: true });
    await execute("tar", ["-xzf", `${folder}/${tarball}`, "--strip-components=1", "-C", `${modules}/nextval`]);
    // A user of pg, who has neither postgres.js nor its types.
    await link(folder, [...(await dependencies()), ...PG, "@types/node", "undici-types"]);
    await mkdir(`${modules}/.bin`);
    await symlink("../nextval/dist/lib/cli/main.js", `${modules}/.bin/nextval`);
    await execute("chmod", ["+x", `${modules}/nextval/dist/lib/cli/main.js`]);

    const project = projectIn(folder);
    await project.write({ "package.json": `{ "private": true }` });
    const nextval = (...args: string[]) => project.start(args, { DATABASE_URL: database.url }).finished;
    const npx = (...args: string[]): Promise<Finished> =>
      startProcess("npx", ["--no-install", "nextval", ...args], {
        cwd: folder,
        env: { DATABASE_URL: database.url, npm_config_loglevel: "silent", npm_config_update_notifier: "false" },
      }).finished;

    await createAssortedSequences(database.client);
    const pulled = await npx("pull", "--out", "sequences.ts");
    expect(pulled).toEqual({ status: 0, stdout: "Wrote sequences.ts.\n", stderr: "" });
    await project.write({
      "nextval.config.ts": `import { defineConfig } from "nextval/config";
        export default defineConfig({ declarations: "sequences.ts" });`,
    });
    const compiler = `${installed}/typescript/bin/tsc`;
    const subpaths = ["", "/allocate", "/catalog", "/config", "/host", "/operate", "/pg"];
    await project.write({
      "app.ts": subpaths.map((name, at) => `export * as _${at} from "nextval${name}";`).join("\n"),
      "tsconfig.json": JSON.stringify({
        compilerOptions: { strict: true, noEmit: true, module: "nodenext", types: ["node"], skipLibCheck: false },
      }),
    });
    const compiled = await startProcess(process.execPath, [compiler, "-p", folder], { cwd: folder, env: {} }).finished;
    expect(compiled).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(await npx("check")).toEqual({ status: 0, stdout: "Nothing differs.\n", stderr: "" });

    const source = await readFile(`${folder}/sequences.ts`, "utf8");
    expect(source.match(/equence\(/g)?.length).toBeGreaterThan(20);
    const edited = source.replace(`"order_seq", { startWith: 100 }`, `"order_seq", { startWith: 100, maxValue: 9999 }`);
    expect(edited).not.toBe(source);
    await project.write({ "sequences.ts": edited });
    expect((await nextval("check")).status).toBe(1);
    const pushed = await nextval("push", "--yes");
    expect([pushed.status, pushed.stdout]).toEqual([0, expect.stringContaining("Applied 1 change.")]);
    expect(await nextval("check")).toEqual({ status: 0, stdout: "Nothing differs.\n", stderr: "" });
    const [row] = await database.client`select max_value from pg_sequences where schemaname = 'public'
        and sequencename = 'order_seq'`;
    expect(row).toEqual({ max_value: "9999" });
  } finally {
    await rm(folder, { recursive: true });
    await rm(built, { recursive: true });
  }
});
