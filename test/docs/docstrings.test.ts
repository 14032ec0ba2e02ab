import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { examplesOf, moduleOf } from "../support/docstrings/examples.js";
import { readPublicNames } from "../support/docstrings/public-names.js";

test("every example of a docstring compiles", async () => {
  const names = readPublicNames();
  const examples = examplesOf(names);
  const folder = new URL("../.docstrings/", import.meta.url);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  onTestFinished(() => rm(folder, { recursive: true }));
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
