import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { sidebar } from "../../docs/.vitepress/sidebar.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));
/** Not what the site installs or generates. */
const isPage = (path: string) => path.endsWith(".md") && !/\/(?:node_modules|\.\w+|api)\//.test(path);
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "CODE_OF_CONDUCT.md",
  ...["docs", "test/conformance"].flatMap(filesIn).filter(isPage),
];
// Other folders of test/ may hold files that come and go while tests run.
const folders = ["adversarial", "cli", "conformance", "database", "drivers", "pages", "property", "unit"].map(
  (folder) => `test/${folder}`,
);
const tests = new Set([...readdirSync(join(root, "test")), ...folders.flatMap(filesIn)].map((path) => basename(path)));

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

test.each(pages)("the links of %s lead somewhere", (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
  for (const [link, path = "", anchor] of links) {
    const target = path === "" ? page : join(dirname(page), path);
    expect(existsSync(join(root, target)), link).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(target), link).toContain(anchor);
  }
});

test.each(pages)("the tests that %s names exist", (page) => {
  const named = [...read(page).matchAll(/`[\w./-]*?([\w-]+\.test\.ts)`/g)].map(([, name]) => name as string);
  expect(named.filter((name) => !tests.has(name))).toEqual([]);
});

// The README's paths are those of its readers.
test.each(pages.filter((page) => page !== "README.md" && page !== "CHANGELOG.md"))(
  "the files that %s names exist",
  (page) => {
    const named = [...read(page).matchAll(/`((?:lib|types|test|examples|docs|\.github|\.ci)\/[\w./-]*)`/g)].map(
      ([, path]) => path as string,
    );
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    if (page === "CONTRIBUTING.md") expect(named.length).toBeGreaterThan(50);
  },
);

/** Generated, or still to be written. */
const LATER = new Set([
  "docs/getting-started.md",
  "docs/playground.md",
  "docs/guides/declare.md",
  "docs/guides/templates.md",
  "docs/guides/named-placeholders.md",
  "docs/guides/run.md",
  "docs/guides/transactions.md",
  "docs/guides/identity.md",
  "docs/guides/cycling.md",
  "docs/guides/typescript.md",
  "docs/guides/static-checking.md",
  "docs/guides/unawaited.md",
  "docs/builders/kysely.md",
  "docs/builders/drizzle.md",
  "docs/builders/knex.md",
  "docs/builders/other-hosts.md",
  "docs/migrations/overview.md",
  "docs/migrations/hazards.md",
  "docs/migrations/generate.md",
  "docs/migrations/ci.md",
  "docs/operations/allocators.md",
  "docs/operations/durability.md",
  "docs/operations/gapless.md",
  "docs/operations/several-writers.md",
  "docs/operations/status.md",
  "docs/operations/resync.md",
  "docs/operations/transfer.md",
  "docs/operations/widen.md",
  "docs/operations/pgbouncer.md",
  "docs/runbooks/integer-out-of-range.md",
  "docs/runbooks/duplicate-key.md",
  "docs/runbooks/major-upgrade.md",
  "docs/runbooks/burned-ids.md",
  "docs/reference/api/.md",
  "docs/reference/command.md",
  "docs/reference/configuration.md",
  "docs/reference/errors.md",
  "docs/reference/problems.md",
  "docs/reference/statements.md",
  "docs/reference/limits.md",
  "docs/reference/changed-values.md",
]);

test("the sidebar has every page, and each of its pages exists", () => {
  const listed = sidebar.flatMap(({ items }) => items.map(({ link }) => `docs${link}.md`));
  const written = pages.filter((page) => page.startsWith("docs/") && page !== "docs/index.md");
  expect(written.filter((page) => !listed.includes(page))).toEqual([]);
  expect(listed.filter((page) => !LATER.has(page) && !written.includes(page))).toEqual([]);
});
