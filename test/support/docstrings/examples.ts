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

/** The modules of `scenes/` with what examples use and do not declare, by subpath. Others have the first two. */
const SCENES: Record<string, readonly string[]> = {
  "nextval/drizzle": ["core", "values", "drizzle"],
  "nextval/host": ["core", "values", "host"],
  "nextval/knex": ["core", "values", "knex"],
  "nextval/kysely": ["core", "values", "kysely"],
  "nextval/operate": ["core", "values", "operate"],
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
  for (const scene of SCENES[subpath] ?? ["core", "values"])
    add(`../support/docstrings/scenes/${scene}.js`, exportsOf(scene));
  add(subpath, publicNames(subpath));
  const own: string[] = [];
  const body = code
    .replace(/^import [^;]*;\n/gm, (statement) => {
      own.push(statement);
      return "";
    })
    .replace(/^export (?:default )?/gm, "");
  // The name of a package is not imported: `kysely` of "nextval/kysely" stays what the scene declares.
  const imported = own.flatMap((statement) => statement.replace(/ from [^]*/, "").match(/\w+/g) ?? []);
  for (const name of imported) sources.delete(name);
  const imports = [...sources].map(([name, source]) => `import { ${name} } from "${source}";`);
  return [...imports, ...own, "{", body, "}"].join("\n");
}

/** What an example's comment shows: a fragment, and the text or the text and values that it becomes. */
const SHOWN = /^((?:sql|\w+(?:\.\w+)*\()[^\n]*);(?: |\n)((?:\/\/[^\n]*(?:\n|$))+)/gm;

/** A statement, or an object of a statement and its values. */
const SQL = /^(?:\{ text: |alter |comment |create |drop |grant |insert |revoke |select |update )/;

/**
 * Writes a module whose `claims` compare what examples show with what their fragments become. Only examples that need
 * no database take part.
 */
export function claimsOf(
  examples: readonly Example[],
  names: readonly PublicName[],
): { module: string; count: number } {
  let count = 0;
  const bodies = examples.flatMap(({ owner, code }) => {
    if (/\bawait\b|^import |\bhost\b/m.test(code)) return [];
    const body = code.replace(SHOWN, (whole, expression: string, comment: string) => {
      const shown = comment
        .replace(/^\/\/ ?/gm, "")
        .trim()
        .replace(/\n(?: {2})?/g, " ");
      if (!SQL.test(shown)) return whole;
      count++;
      const expected = shown.startsWith("{") ? shown : JSON.stringify(shown);
      return `claims.push([${JSON.stringify(owner)}, ${expression}, ${expected}]);\n`;
    });
    return body === code ? [] : [`{\n${body}}`];
  });
  const all = names.filter(({ subpath, isType }) => subpath === "nextval" && !isType).map(({ name }) => name);
  return {
    count,
    module: [
      `import { ${all.join(", ")} } from "nextval";`,
      `import { ${exportsOf("values").join(", ")} } from "../support/docstrings/scenes/values.js";`,
      "export const claims: [owner: string, fragment: any, expected: any][] = [];",
      ...bodies,
    ].join("\n"),
  };
}
