import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const manifest = JSON.parse(await readFile(new URL("package.json", root), "utf8")) as Record<
  "dependencies" | "peerDependencies",
  Record<string, string>
>;

test("the README names the dependencies of the command", async () => {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const [, sentence = ""] = /the library has no dependencies\. The command\s+`nextval`, ([^.]*)\./.exec(readme)!;
  const names = Object.keys(manifest.dependencies);
  expect([...sentence.matchAll(/`(.*?)`/g)].map(([, name]) => name)).toEqual(names);
  expect(sentence).toContain(`has ${["no", "one", "two", "three", "four", "five"][names.length]}:`);
});

test("the library has none", async () => {
  const lib = new URL("lib/", root);
  const files = (await readdir(lib, { recursive: true })).filter((file) => /^(?!cli\/).*\.ts$/.test(file));
  expect(files.length).toBeGreaterThan(50);
  for (const file of files) {
    const text = await readFile(new URL(file, lib), "utf8");
    const imports = [...text.matchAll(/^(?:im|ex)port (?!type)[^;/]*? from "([^".].*?)";$/gm)].map(([, name]) => name!);
    // The adapters import the query builder that they are for.
    const others = imports.filter((name) => !Object.hasOwn(manifest.peerDependencies, name.split("/")[0]!));
    expect({ file, others }).toEqual({ file, others: [] });
  }
});
