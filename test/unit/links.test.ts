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
const folders = ["adversarial", "cli", "conformance", "database", "docs", "drivers", "pages", "property", "unit"].map(
  (folder) => `test/${folder}`,
);
const tests = new Set([...readdirSync(join(root, "test")), ...folders.flatMap(filesIn)].map((path) => basename(path)));

/** Pages that the build of the site generates. */
const GENERATED = new Set(["docs/reference/api/.md"]);

const programs = "docs/.vitepress/playground/examples/programs";
const examples = readdirSync(join(root, programs)).map((name) => `example=${basename(name, ".ts")}`);

/** The anchors of a page's headings, as GitHub makes them. The playground opens examples by theirs. */
function anchorsOf(path: string): string[] {
  if (path === "docs/playground.md") return examples;
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

test("each example of the playground is opened from a page", () => {
  const opened = pages.flatMap((page) =>
    [...read(page).matchAll(/playground\.md#(example=\w+)/g)].map(([, name]) => name),
  );
  expect(examples.length).toBeGreaterThan(10);
  expect(opened.sort()).toEqual(examples.sort());
});

test.each(pages)("the tests that %s names exist", (page) => {
  const named = [...read(page).matchAll(/`[\w./-]*?([\w-]+(?:\.long)?\.test\.ts)`/g)].map(([, name]) => name as string);
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

test("the sidebar has every page, and each of its pages exists", () => {
  const listed = sidebar.flatMap(({ items }) => items.map(({ link }) => `docs${link}.md`));
  const written = pages.filter((page) => page.startsWith("docs/") && page !== "docs/index.md");
  expect(written.filter((page) => !listed.includes(page))).toEqual([]);
  expect(listed.filter((page) => !GENERATED.has(page) && !written.includes(page))).toEqual([]);
});
