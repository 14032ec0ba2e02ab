import { cp, mkdir, realpath, rename } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { useProjects } from "../support/command/project.js";
import { useDatabase } from "../support/database.js";

const database = useDatabase();
const newProject = useProjects();

describe("files of declarations", () => {
  test("may use another copy of the library", async () => {
    const project = await newProject({
      "s.ts": `
        import { pgSchema, pgSequence } from "nextval";
        export const orderSeq = pgSequence("order_seq", { cycle: true, comment: "it's" });
        export const billing = pgSchema("billing");
        export const invoiceSeq = billing.sequence("invoice_seq");
      `,
    });
    const command = await realpath(`${project.folder}/node_modules/nextval`);
    await mkdir(`${project.folder}/other/node_modules/nextval`, { recursive: true });
    await rename(`${project.folder}/s.ts`, `${project.folder}/other/s.ts`);
    for (const name of ["package.json", "dist"]) {
      await cp(`${command}/${name}`, `${project.folder}/other/node_modules/nextval/${name}`, { recursive: true });
    }
    const args = ["push", "--yes", "--url", database.url, "--declarations", "other/s.ts"];
    expect(await project.run(...args)).toMatchObject({ status: 0, stderr: "" });
    expect(await project.runShared(...args)).toMatchObject({ status: 0, stdout: "Nothing differs.\n" });
  });
});

describe("passwords", () => {
  test("that are words leave a sentence unchanged", async () => {
    const project = await newProject({ "app.ts": "" });
    for (const [password, database, expected] of [
      ["postgres", "postgres", "Cannot connect to the database postgres at 127.0.0.1:1: nothing listens there"],
      ["database", "x", "Cannot connect to the database x at 127.0.0.1:1: nothing listens there"],
      ["app", "app", "Cannot connect to the database app at 127.0.0.1:1: nothing listens there"],
    ]) {
      const url = `postgresql://postgres:${password}@127.0.0.1:1/${database}`;
      expect((await project.runShared("status", "--url", url)).stderr).toContain(expected);
    }
    const { stderr } = await project.runShared(
      "check",
      "--url",
      "postgresql://me:app@127.0.0.1:1/x",
      "--declarations",
      "none/app.ts",
    );
    expect(stderr).toBe("There is no file none/app.ts\n");
  });

  test("that are short do not mask parts of words", async () => {
    const project = await newProject();
    const { stderr } = await project.runShared(
      "diff",
      "--url",
      "postgresql://me:a@127.0.0.1:1/x",
      "--declarations",
      "a_file.ts",
    );
    expect(stderr).toBe("There is no file a_file.ts\n");
  });
});
