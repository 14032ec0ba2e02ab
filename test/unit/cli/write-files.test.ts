import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFiles } from "../../../lib/cli/commands/write-files.js";

let folder: string;
const at = (name: string) => join(folder, name);
const modeOf = (name: string) => statSync(at(name)).mode & 0o777;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nextval-write-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a file or link whose name ends in .new is not changed", () => {
  writeFileSync(at("a.ts.new"), "work of the user");
  writeFileSync(at("victim"), "precious");
  symlinkSync(at("victim"), at("b.ts.new"));
  writeFiles([at("a.ts"), at("b.ts")].map((path) => ({ path, content: "new" })));
  expect(readFileSync(at("a.ts.new"), "utf8")).toBe("work of the user");
  expect(readFileSync(at("victim"), "utf8")).toBe("precious");
  expect(lstatSync(at("b.ts.new")).isSymbolicLink()).toBe(true);
  expect([at("a.ts"), at("b.ts")].map((path) => readFileSync(path, "utf8"))).toEqual(["new", "new"]);
  expect(lstatSync(at("b.ts")).isFile()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(["a.ts", "a.ts.new", "b.ts", "b.ts.new", "victim"]);
});

test("an overwritten file keeps its permissions, and a link stays a link", () => {
  writeFileSync(at("real.ts"), "old");
  chmodSync(at("real.ts"), 0o600);
  symlinkSync("real.ts", at("link.ts"));
  writeFileSync(at("program.ts"), "old");
  chmodSync(at("program.ts"), 0o755);
  writeFiles(
    [at("link.ts"), at("program.ts")].map((path) => ({ path, content: "new" })),
    { overwrite: true },
  );
  expect(lstatSync(at("link.ts")).isSymbolicLink()).toBe(true);
  expect(readFileSync(at("real.ts"), "utf8")).toBe("new");
  expect([modeOf("real.ts"), modeOf("program.ts")]).toEqual([0o600, 0o755]);
  expect(readdirSync(folder).sort()).toEqual(["link.ts", "program.ts", "real.ts"]);
});

test("what is not a regular file is not replaced", () => {
  // As /dev/null would be, if root asked for it; a folder is neither.
  symlinkSync("/dev/null", at("null"));
  mkdirSync(at("folder"));
  for (const name of ["null", "folder"]) {
    const write = () => writeFiles([{ path: at(name), content: "new" }], { overwrite: true });
    expect(write).toThrow(/Cannot write .*: it is not a regular file$/);
  }
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
});

test("a broken link is not written through", () => {
  symlinkSync(at("elsewhere"), at("a.ts"));
  expect(() => writeFiles([{ path: at("a.ts"), content: "new" }])).toThrow(/a\.ts exists, and nothing was written$/);
  const replace = () => writeFiles([{ path: at("a.ts"), content: "new" }], { overwrite: true });
  expect(replace).toThrow(/^Cannot write .*a\.ts: it is a link to a file that does not exist$/);
  expect(lstatSync(at("a.ts")).isSymbolicLink()).toBe(true);
  expect(existsSync(at("elsewhere"))).toBe(false);
});

test("no file is left if not all could be written", () => {
  writeFileSync(at("file"), "a file, no folder");
  const files = ["a.ts", "file/b.ts"].map((name) => ({ path: at(name), content: "new" }));
  expect(() => writeFiles(files)).toThrow(/^Cannot write /);
  mkdirSync(at("folder"));
  expect(() => writeFiles([{ path: at("folder"), content: "new" }], { overwrite: true })).toThrow(/^Cannot write /);
  expect(readdirSync(folder).sort()).toEqual(["file", "folder"]);
});
