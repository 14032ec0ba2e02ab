import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { expect, test } from "vitest";
import { ALLOWABLE_CODES, BLOCKED_CODES } from "../../lib/catalog/plan/hazards/hazard-codes.js";
import type { CliCommand } from "../../lib/cli/commands/command.js";
import { COMMANDS } from "../../lib/cli/program.js";
import { ERROR_CODES } from "../../lib/errors.js";
import { HEALTH_CODES, TRANSFER_CODES } from "../../lib/operate/finding-codes.js";
import type { TransferCode } from "../../lib/operate/transfer/transfer-problem.js";

/** The others of a transfer, which are in no list. */
const OTHERS: Record<Exclude<TransferCode, (typeof TRANSFER_CODES)[number]>, true> = {
  SCHEMA_MISSING: true,
  NAME_GIVEN_AWAY: true,
  MOVED_MEANWHILE: true,
};

const read = (page: string) => readFile(new URL(`../../docs/${page}`, import.meta.url), "utf8");

test.each([
  ["reference/errors.md", ERROR_CODES],
  ["reference/problems.md", [...HEALTH_CODES, ...TRANSFER_CODES, ...Object.keys(OTHERS)]],
  ["migrations/hazards.md", [...ALLOWABLE_CODES, ...BLOCKED_CODES]],
])("%s has a heading for each code, and no other code", async (page, codes) => {
  const headings = [...(await read(page)).matchAll(/^##+ ([A-Z][A-Z0-9_]{5,})$/gm)].map(([, heading]) => heading);
  expect(headings.sort()).toEqual([...codes].sort());
});

test("reference/command.md has every command and option, and no other", async () => {
  const page = await read("reference/command.md");
  const listed = new Set([...page.matchAll(/`(--[a-z-]+)/g)].map(([, flag]) => flag));
  const known = new Set(["--version", "--help"]);
  const shared = ["--config", "--env", "--schemas", "--lock-timeout", "--statement-timeout", "--json", "--debug"];
  for (const flag of shared) known.add(flag);
  for (const [name, load] of Object.entries(COMMANDS)) {
    expect(page).toContain(`\n## ${name}\n`);
    for (const flag of flagsOf((await load()).command)) known.add(flag);
  }
  expect([...known].filter((flag) => flag !== "--help" && flag !== "--version" && !listed.has(flag))).toEqual([]);
  expect([...listed].filter((flag) => !known.has(`${flag}`))).toEqual([]);
});

function flagsOf(definition: CliCommand): string[] {
  const command = new Command();
  definition.addOptions(command);
  return command.options.map(({ long }) => `${long}`);
}
