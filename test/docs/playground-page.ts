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

/**
 * A library for PostgreSQL in WebAssembly, in hexadecimal: when it is loaded, Emscripten evaluates a text of it as
 * JavaScript. Source: `loadWebAssemblyModule` of Emscripten, `__em_js__`.
 */
export function libraryThatRuns(code: string): string {
  const size = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...size(value >>> 7)]);
  const text = (value: string) => [...size(Buffer.byteLength(value)), ...Buffer.from(value)];
  const section = (id: number, body: number[]) => [id, ...size(body.length), ...body];
  const data = [...Buffer.from(`(void)<::>{}; ${code}`), 0];
  const memory = [...size(data.length), 4, 0, 0];
  const imports = [...text("env"), ...text("memory"), 2, 0, 0, ...text("env"), ...text("__memory_base"), 3, 0x7f, 0];
  return Buffer.from([
    ...Buffer.from("\0asm\x01\0\0\0"),
    ...section(0, [...text("dylink.0"), 1, ...size(memory.length), ...memory]),
    ...section(2, [2, ...imports]),
    ...section(6, [1, 0x7f, 0, 0x41, 0, 0x0b]),
    ...section(7, [1, ...text("__em_js__run"), 3, 1]),
    ...section(11, [1, 0, 0x23, 0, 0x0b, ...size(data.length), ...data]),
  ]).toString("hex");
}
