import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Project, useProjects } from "../support/command/project.js";
import { startProcess } from "../support/command/start-process.js";
import { useDatabase } from "../support/database.js";

const database = useDatabase();
const makeProject = useProjects();
const DRIZZLE_KIT = fileURLToPath(new URL("bin.cjs", import.meta.resolve("drizzle-kit")));

const CONFIG = `export default {
  dialect: "postgresql", schema: "./schema.ts", out: "drizzle", dbCredentials: { url: process.env.DATABASE_URL },
};`;

const SEQUENCES = `
import { pgSchema, pgSequence } from "nextval";

export const billing = pgSchema("billing");
export const invoiceSeq = billing.sequence("invoice_seq", { startWith: 1000 });
export const orderSeq = pgSequence("order_seq", { cycle: true, maxValue: 99 });
`;

const SCHEMA = `
import { toDrizzle } from "nextval/drizzle";
import * as declared from "./sequences";

export const billing = toDrizzle(declared.billing);
export const invoiceSeq = toDrizzle(declared.invoiceSeq);
export const orderSeq = toDrizzle(declared.orderSeq);
`;

/** Runs drizzle-kit, which reads the files of the project and connects by itself. */
async function kit(project: Project, ...args: string[]): Promise<string> {
  const options = { cwd: project.folder, env: { DATABASE_URL: database.url } };
  const { status, stdout, stderr } = await startProcess(process.execPath, [DRIZZLE_KIT, ...args], options).finished;
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}

test("drizzle-kit creates schemas and sequences, and goes on after a migration of nextval", async () => {
  const project = await makeProject({
    "drizzle.config.ts": CONFIG,
    "nextval.config.ts": 'export default { declarations: "sequences.ts", format: "drizzle", out: "drizzle" };',
    "schema.ts": SCHEMA,
    "sequences.ts": SEQUENCES,
  });
  const nextval = async (...args: string[]) =>
    (await project.start(args, { DATABASE_URL: database.url }).finished).stdout;

  await kit(project, "generate", "--name", "first");
  expect(await readFile(`${project.folder}/drizzle/0000_first.sql`, "utf8")).toMatch(
    /^CREATE SCHEMA "billing";\n[^]*CREATE SEQUENCE "billing"."invoice_seq"/,
  );
  await kit(project, "migrate");
  expect(await nextval("check")).toBe("Nothing differs.\n");

  // What drizzle-kit cannot change: the type, the comment, and back from a cycle.
  const changed = SEQUENCES.replace("cycle: true,", 'as: "integer", comment: "it\'s; --> statement-breakpoint",');
  await project.write({ "sequences.ts": changed });
  expect(await nextval("generate", "--name", "second")).toContain("Wrote drizzle/0001_second.sql.\n");
  await kit(project, "migrate");
  expect(await nextval("check")).toBe("Nothing differs.\n");
  // The snapshot of a custom migration is accepted, and the next change follows it.
  await project.write({ "sequences.ts": changed.replace("1000", "1000, cache: 5") });
  await kit(project, "generate", "--name", "third");
  expect(await readFile(`${project.folder}/drizzle/0002_third.sql`, "utf8")).toMatch(/^ALTER SEQUENCE "billing"/);
});
