import { readFileSync } from "node:fs";
import type { PublicName } from "./public-names.js";

export interface Example {
  /** `nextval/catalog: planChanges`. */
  readonly owner: string;
  readonly subpath: string;
  readonly code: string;
}

/** Returns the TypeScript blocks of docstrings. */
export function examplesOf(names: readonly PublicName[]): Example[] {
  return names.flatMap(({ subpath, name, text, members }) =>
    [{ name, text }, ...members.map((each) => ({ name: `${name}.${each.name}`, text: each.text }))].flatMap((each) =>
      [...each.text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => ({
        owner: `${subpath}: ${each.name}`,
        subpath,
        code: code!,
      })),
    ),
  );
}

/** The modules of `scenes/` with what examples use and do not declare, by subpath. */
const SCENES: Record<string, readonly string[]> = {
  "nextval/drizzle": ["core", "drizzle"],
  "nextval/host": ["core", "host"],
  "nextval/knex": ["core", "knex"],
  "nextval/kysely": ["core", "kysely"],
  "nextval/operate": ["core", "operate"],
};

function exportsOf(scene: string): string[] {
  const source = readFileSync(new URL(`./scenes/${scene}.ts`, import.meta.url), "utf8");
  const lists = [...source.matchAll(/^export \{ ([^}]*) \}/gm)].flatMap(([, list]) => list!.split(", "));
  const declared = [...source.matchAll(/^export (?:declare )?(?:const|function|interface|type) (\w+)/gm)];
  return [...lists, ...declared.map(([, name]) => name!)].map((name) => name.replace(/^.* as /, ""));
}

/**
 * Writes an example as a module. It has every public name of its subpath and of `nextval`, and the names of a scene.
 * What the example declares itself hides them.
 */
export function moduleOf({ subpath, code }: Example, names: readonly PublicName[]): string {
  const publicNames = (of: string) => names.filter((name) => name.subpath === of).map(({ name }) => name);
  const sources = new Map<string, string>();
  const add = (source: string, each: readonly string[]) => each.forEach((name) => sources.set(name, source));
  add("nextval", publicNames("nextval"));
  for (const scene of SCENES[subpath] ?? ["core"]) add(`../support/docstrings/scenes/${scene}.js`, exportsOf(scene));
  add(subpath, publicNames(subpath));
  const own: string[] = [];
  const body = code
    .replace(/^import [^;]*;\n/gm, (statement) => {
      own.push(statement);
      return "";
    })
    .replace(/^export (?:default )?/gm, "");
  for (const name of own.flatMap((statement) => statement.match(/\w+/g) ?? [])) sources.delete(name);
  const imports = [...sources].map(([name, source]) => `import { ${name} } from "${source}";`);
  return [...imports, ...own, "{", body, "}"].join("\n");
}
