import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { TARGETS } from "../matrix/target.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

interface Workflow {
  readonly on: object;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly "timeout-minutes": number;
  readonly strategy?: {
    readonly matrix: { readonly node?: string[]; readonly include?: { readonly target: string }[] };
  };
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}

const workflows = readdirSync(join(root, ".github/workflows"));
const workflow = (name: string) => parse(read(`.github/workflows/${name}`)) as Workflow;

test("the CI runs .ci/run and the matrix on everything that the package promises", () => {
  const { jobs } = workflow("ci.yml");
  const steps = (name: string) => jobs[name]?.steps.flatMap(({ run }) => run ?? []) ?? [];
  expect(steps("check")).toContain(".ci/run");
  expect(steps("matrix")).toContain("npm run test:matrix -- ${{ matrix.target }}");
  const nodes = jobs["check"]?.strategy?.matrix.node ?? [];
  const targets = jobs["matrix"]?.strategy?.matrix.include?.map(({ target }) => target) ?? [];
  expect(nodes).toContain("20");
  expect([...targets, ...nodes.filter((node) => node !== "20").map((node) => `node${node}`)].sort()).toEqual(
    [...TARGETS.keys()].sort(),
  );
});

test.each(workflows)("%s runs scripts that exist, with no more rights than it needs", (name) => {
  const { jobs, permissions } = workflow(name);
  expect(permissions).toEqual({ contents: "read" });
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  for (const { run = "" } of steps) {
    for (const [, script = ""] of run.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(script);
  }
  for (const job of Object.values(jobs)) expect(job["timeout-minutes"]).toBeLessThanOrEqual(60);
});

test.each(workflows)("%s pins its actions, and says which version each is", (name) => {
  const uses = read(`.github/workflows/${name}`).match(/uses: .*/g) ?? [];
  expect(uses.length).toBeGreaterThan(0);
  expect(uses.filter((line) => !/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
});

test.each(readdirSync(join(root, ".github/ISSUE_TEMPLATE")))("%s is a form that GitHub accepts", (name) => {
  const form = parse(read(`.github/ISSUE_TEMPLATE/${name}`)) as Form;
  if (name === "config.yml") return expect(form).toEqual({ blank_issues_enabled: false });
  expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
  const ids = form.body.filter(({ type }) => type !== "markdown").map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { type, attributes } of form.body) {
    expect(["input", "markdown", "textarea"]).toContain(type);
    expect(attributes).toHaveProperty(type === "markdown" ? "value" : "label");
  }
});

interface Form {
  readonly body: readonly { readonly type: string; readonly id?: string; readonly attributes: object }[];
}

test("no line is longer than the width of the formatter, which does not wrap comments and strings", () => {
  const { printWidth } = JSON.parse(read(".oxfmtrc.json")) as { printWidth: number };
  const files = [
    "build.ts",
    "vitest.config.ts",
    ...["lib", "types", "test", "examples", "lint"].flatMap((folder) => sourcesIn(folder)),
  ];
  const tooLong = files.flatMap((file) => {
    const lines = read(file).split("\n");
    return lines.flatMap((line, index) => (line.length > printWidth ? `${file}:${index + 1}` : []));
  });
  expect(tooLong).toEqual([]);
});

test("a fence of a docstring is alone on its line, and the next one ends its block", () => {
  const wrong = ["lib", "types", "lint"].flatMap(sourcesIn).flatMap((file) => {
    let isOpen = false;
    return read(file)
      .split("\n")
      .flatMap((line, index) => {
        if (line.trim().startsWith("/**")) isOpen = false;
        if (!line.includes("```")) return [];
        // Only an opening fence names a language.
        const isRight = (isOpen ? /^ *\* ```$/ : /^ *\* ```\w+$/).test(line);
        isOpen = !isOpen;
        return isRight ? [] : [`${file}:${index + 1}`];
      });
  });
  expect(wrong).toEqual([]);
});

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.m?ts$|\.mjs$/.test(path) && !/node_modules|(?:^|\/)\./.test(path))
    .map((path) => join(folder, path));
}

test("dependabot looks after packages and actions", () => {
  const { version, updates } = parse(read(".github/dependabot.yml")) as {
    version: number;
    updates: readonly object[];
  };
  expect(version).toBe(2);
  const schedule = { interval: "weekly" };
  expect(updates).toMatchObject([
    { "package-ecosystem": "npm", directory: "/", schedule },
    { "package-ecosystem": "github-actions", directory: "/", schedule },
  ]);
});

test("releases are published with provenance", () => {
  const manifest = JSON.parse(read("package.json")) as Record<string, unknown>;
  expect(manifest["publishConfig"]).toEqual({ access: "public", provenance: true });
  expect(manifest["packageManager"]).toMatch(/^npm@\d+\.\d+\.\d+$/);
  const { jobs } = workflow("release.yml");
  expect(jobs["publish"]).toMatchObject({ permissions: { contents: "read", "id-token": "write" } });
});
