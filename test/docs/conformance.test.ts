import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test, vi } from "vitest";
import { IN_SESSION, IN_TRANSACTION } from "../conformance/run-row.js";
import { outputOn, type Row, rowsOf } from "../conformance/tables.js";
import { describeInBrowser, openPage } from "../support/browser.js";
import { IS_LONG } from "../support/effort.js";
import { useSite } from "./site.js";

// Seconds, but many of them on a loaded machine.
vi.setConfig({ testTimeout: 600_000 });

/** The major version of PostgreSQL in PGlite. */
const VERSION = 18;

/** What PGlite cannot do, and how the steps of a row show that they need it. */
const MISSING: readonly { readonly reason: string; readonly needs: RegExp }[] = [
  { reason: "PGlite has one session", needs: /\bother\b/ },
  { reason: "PGlite lets everyone use the names of the system", needs: /\bcreate schema pg_/ },
];

const missingFor = ({ steps }: Row) => MISSING.find(({ needs }) => needs.test(steps))?.reason;
/** Pages of the suite for an ordinary run. The rest runs in `npm run test:long`. */
const CORE = new Set(["create", "draw", "transactions"]);

const rowsIn = (pages: readonly string[]) => pages.flatMap((page) => rowsOf(`${page}.md`));
const isRun = (row: Row) => missingFor(row) === undefined;

const assets = new URL("../../docs/.vitepress/dist/assets/", import.meta.url);

/** The suite and the library as a script of a page. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("conformance-page.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    define: { "import.meta.url": "location.href" },
    // PGlite asks for Node's modules in Node only, and its own files are given to it.
    external: ["node:*", "fs", "fs/promises", "path", "url", "util", "zlib", "module", "crypto", "ws"],
    logLevel: "error",
    plugins: [
      {
        name: "functions from text",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^node:vm$/ }, ({ path }) => ({ path, namespace: "page" }));
          onLoad({ filter: /./, namespace: "page" }, () => ({
            contents: "export const compileFunction = (code, names) => new Function(...names, code);",
          }));
        },
      },
    ],
  });
  return outputFiles[0]!.text;
}

describeInBrowser("a page as a runtime", () => {
  const site = useSite();

  test("rows of the conformance suite give in a page what they give elsewhere", async () => {
    const isChosen = (name: string) => IS_LONG || CORE.has(name);
    const short = rowsIn(IN_TRANSACTION.filter(isChosen)).filter(isRun);
    const long = rowsIn(IN_SESSION.filter(isChosen)).filter(isRun);
    const rows = [...short, ...long];
    const names = readdirSync(assets);
    const address = (pattern: RegExp) => `${site.url}/assets/${names.find((name) => pattern.test(name))}`;
    const files = {
      wasm: address(/^pglite.*\.wasm$/),
      data: address(/^pglite.*\.data$/),
      empty: address(/^empty-database/),
    };
    const { page, context, errors } = await openPage(site.browser, `${site.url}/security`);
    await page.addScriptTag({ content: await bundle() });
    const steps = (given: readonly Row[]) => given.map((row) => row.steps);
    const outputs = await page.evaluate<string[]>(
      `runRows(${JSON.stringify(files)}, ${JSON.stringify(steps(short))}, ${JSON.stringify(steps(long))})`,
    );
    const found = rows.map(({ rule, steps }, at) => ({ rule, steps, gives: outputs[at] }));
    expect(found).toEqual(rows.map((row) => ({ rule: row.rule, steps: row.steps, gives: outputOn(row, VERSION) })));
    expect(errors).toEqual([]);
    await context.close();
  });

  test.each(MISSING)("some rows are left out: $reason", ({ reason }) => {
    const left = rowsIn([...IN_TRANSACTION, ...IN_SESSION]).filter((row) => missingFor(row) === reason);
    console.log(`${left.length} rows are left out: ${reason}.`);
    expect(left.length).toBeGreaterThan(0);
  });
});
