import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

const { LAYERS } = (await import(`${root}lint/layers.mjs`)) as { LAYERS: Record<string, readonly string[]> };
const { importProblem } = (await import(`${root}lint/plugin.mjs`)) as {
  importProblem: (file: string, specifier: string) => string | undefined;
};

const layers = Object.keys(LAYERS);
const isPath = (place: string) => /^(lib|types)(\/|$)/.test(place);

describe("the table of layers", () => {
  test("names folders and files that exist", () => {
    const places = [...layers, ...Object.values(LAYERS).flat().filter(isPath)];
    expect(places.filter((place) => !existsSync(`${root}${place}`))).toEqual([]);
  });

  test("lets a layer import lower ones only", () => {
    const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
    const byLength = [...layers].sort((one, other) => other.length - one.length);
    const upwards = layers.flatMap((layer, at) => {
      const higher = layers.slice(at + 1);
      const isHigher = (place: string) =>
        higher.some((other) => isBelow(other, place)) ||
        higher.includes(byLength.find((each) => isBelow(place, each))!);
      return LAYERS[layer]!.filter(isPath)
        .filter(isHigher)
        .map((place) => `${layer}: ${place}`);
    });
    expect(upwards).toEqual([]);
  });

  test("has a layer for every file", async () => {
    for (const folder of ["lib", "types"]) {
      const files = await readdir(`${root}${folder}`, { recursive: true });
      const inNone = files.filter(
        (file) => file.endsWith(".ts") && importProblem(`${folder}/${file}`, "../x.js")?.includes("in no layer"),
      );
      expect(inNone).toEqual([]);
    }
  });

  test("is enforced by the linter", async () => {
    const { jsPlugins, overrides } = JSON.parse(await readFile(`${root}.oxlintrc.json`, "utf8")) as {
      jsPlugins: string[];
      overrides: { files: string[]; excludeFiles?: string[]; rules: Record<string, unknown> }[];
    };
    expect(jsPlugins).toEqual(["./lint/plugin.mjs"]);
    expect(overrides).toContainEqual({ files: ["lib/**", "types/**"], rules: { "layers/imports": "error" } });
    expect(overrides.filter(({ rules }) => "layers/imports" in rules)).toHaveLength(1);
  });
});

describe("an import", () => {
  test.each([
    ["lib/sql/tag.ts", "./value.js"],
    ["lib/sql/tag.ts", "../errors.js"],
    ["lib/sequence/ddl/alter.ts", "../../../types/sequence-options.js"],
    ["lib/catalog/plan/hazards/key-hazards.ts", "../../inspect/state.js"],
    ["lib/operate/status/problems.ts", "../columns/fed-columns.js"],
    ["lib/adapters/knex.ts", "knex"],
    ["lib/cli/main.ts", "node:fs"],
    ["lib/cli/program.ts", "./commands/push.js"],
  ])("of a lower layer is allowed: %s imports %s", (file, specifier) => {
    expect(importProblem(file, specifier)).toBeUndefined();
  });

  test.each([
    ["types/rows.ts", "../lib/errors.js", "types may not import lib/errors.ts"],
    ["lib/sql/tag.ts", "../sequence/functions.js", "lib/sql may not import lib/sequence/functions.ts"],
    [
      "lib/handle/running/query.ts",
      "../../drivers/postgres-js/pool.js",
      "lib/handle may not import lib/drivers/postgres-js/pool.ts",
    ],
    ["lib/handle/running/query.ts", "postgres", "lib/handle may not import postgres"],
    ["lib/handle/running/query.ts", "node:net", "lib/handle may not import node:net"],
    ["lib/catalog/plan/plan.ts", "../../sql/tag.js", "lib/catalog/plan may not import lib/sql/tag.ts"],
    ["lib/catalog/plan/plan.ts", "../../operate/index.js", "lib/catalog/plan may not import lib/operate/index.ts"],
    [
      "lib/operate/status/health.ts",
      "../resync/decide.js",
      "lib/operate/status may not import lib/operate/resync/decide.ts",
    ],
    [
      "lib/operate/status/health.ts",
      "../../catalog/plan/plan.js",
      "lib/operate/status may not import lib/catalog/plan/plan.ts",
    ],
    ["lib/adapters/knex.ts", "kysely", "lib/adapters/knex.ts may not import kysely"],
    ["lib/new.ts", "./errors.js", "lib/new.ts is in no layer"],
  ])("of any other is a problem: %s imports %s", (file, specifier, problem) => {
    expect(importProblem(file, specifier)).toContain(problem);
  });
});
