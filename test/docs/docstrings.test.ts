import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type AnySequence, createSequence, type Sql } from "nextval";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimsOf, examplesOf, moduleOf } from "../support/docstrings/examples.js";
import { type PublicName, readPublicNames } from "../support/docstrings/public-names.js";

const names = readPublicNames();

test("every public name has a docstring, and so has each of its members", () => {
  expect(names.length).toBeGreaterThan(180);
  const missing = names.flatMap(({ subpath, name, text, members }) => [
    ...(text === "" ? [`${subpath}: ${name}`] : []),
    ...members.filter((member) => member.text === "").map((member) => `${subpath}: ${name}.${member.name}`),
  ]);
  expect(missing).toEqual([]);
});

/**
 * A function, a class or a value shows an example. So does a type. If a type is only the shape of what a function takes
 * or returns, it links to that function instead, in its own subpath.
 */
test("every public name has an example, or is a type that links to the function whose example has it", () => {
  const hasExample = ({ text, members }: PublicName) =>
    text.includes("```ts") || members.some((member) => member.text.includes("```ts"));
  const missing = names.filter((each) => {
    if (hasExample(each)) return false;
    const linked = new Set([...each.text.matchAll(/\{@link (\w+)(?:\.\w+)?\}/g)].map(([, name]) => name));
    return !(
      each.isType &&
      names.some((other) => other.subpath === each.subpath && linked.has(other.name) && hasExample(other))
    );
  });
  expect(missing.map(({ subpath, name }) => `${subpath}: ${name}`)).toEqual([]);
});

const examples = examplesOf(names);
const folder = new URL("../.docstrings/", import.meta.url);
beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
});
afterAll(() => rm(folder, { recursive: true }));

test("the SQL that an example shows is what its fragment becomes", async () => {
  const { module, count } = claimsOf(
    examples.filter(({ subpath }) => subpath === "nextval"),
    names,
  );
  await writeFile(new URL("claims.mts", folder), module);
  // A declaration shows the statement that creates it.
  const fragmentOf = (shown: Sql | AnySequence) => ("seqName" in shown ? createSequence(shown) : shown);
  const { claims } = (await import(fileURLToPath(new URL("claims.mts", folder)))) as {
    readonly claims: readonly (readonly [owner: string, shown: Sql | AnySequence, expected: unknown])[];
  };
  expect(count).toBeGreaterThan(40);
  const becomes = ({ text, values }: Sql, expected: unknown) =>
    typeof expected === "string" ? text : { text, values };
  expect(claims.map(([owner, shown, expected]) => [owner, becomes(fragmentOf(shown), expected)])).toEqual(
    claims.map(([owner, , expected]) => [owner, expected]),
  );
  expect(claims).toHaveLength(count);
});

test("every example of a docstring compiles", async () => {
  expect(examples.length).toBeGreaterThan(100);
  for (const [index, example] of examples.entries()) {
    await writeFile(new URL(`${index}.ts`, folder), moduleOf(example, names));
  }
  const tsconfig = {
    extends: "../../tsconfig.json",
    compilerOptions: { verbatimModuleSyntax: false, lib: ["es2022", "esnext.disposable"], skipLibCheck: true },
    include: ["*.ts"],
    exclude: [],
  };
  await writeFile(new URL("tsconfig.json", folder), JSON.stringify(tsconfig));
  const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", fileURLToPath(folder)]).catch(
    (failure: { readonly stdout: string }) => failure,
  );
  const owners = stdout.replace(/^.*\.docstrings\/(\d+)\.ts/gm, (_, index: string) => examples[Number(index)]!.owner);
  expect(owners).toBe("");
});
