import { deflateRawSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** The part of an address that shares a program, made as the page makes it. */
export function sharing(program: string): string {
  return `#program=${deflateRawSync(program).toString("base64url")}`;
}

/** Shows a program in the playground, with an empty database. */
export async function show(page: Page, program: string): Promise<void> {
  await setHash(page, sharing(`${program}\n`));
  await expect.poll(() => textOf(page)).toBe(program);
}

export async function setHash(page: Page, hash: string): Promise<void> {
  await page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
}

/** The program in the editor, without the empty line at its end. */
export async function textOf(page: Page): Promise<string> {
  return (await page.locator(".cm-line").allTextContents()).join("\n").trimEnd();
}

/** Runs the program, and returns what was printed. */
export async function run(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const status = page.locator(".status");
  await expect.poll(() => status.textContent(), { timeout: 100_000 }).toMatch(/^(Done|Failed)$/);
  return (await page.locator(".printed").allTextContents()).join("\n");
}

/** What the compiler says below the editor, once it has read the program. */
export function problemsOf(page: Page): Promise<string[]> {
  return page.locator(".problems li span").allTextContents();
}
