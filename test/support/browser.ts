import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { describe } from "vitest";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The path of a Chromium of this machine; undefined if there is none, so tests with a browser are skipped. */
const CHROMIUM = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Declares tests with a browser. Where there is none they are skipped, and their title says why. */
export function describeInBrowser(title: string, tests: () => void): void {
  const where = CHROMIUM === undefined ? "there is no Chromium in PATH; Debian's package is chromium" : "Chromium";
  describe.skipIf(CHROMIUM === undefined)(`${title} (${where})`, tests);
}

/** Starts the browser of {@link describeInBrowser}. */
export function launchBrowser(): Promise<Browser> {
  // The sandbox of Chromium does not work for root.
  return chromium.launch({ executablePath: CHROMIUM as string, chromiumSandbox: false });
}

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/**
 * Returns the violations that axe-core finds on a page, each with the elements. Contrasts take most of the time, so
 * they can be left out where other pages have the same colors.
 */
export async function violationsOf(page: Page, { contrast = true } = {}): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.addScriptTag({ path: AXE });
  return page.evaluate(async (enabled) => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run({
      resultTypes: ["violations"],
      rules: { "color-contrast": { enabled } },
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }, contrast);
}

/** Opens a page, and collects what it reports. */
export async function openPage(browser: Browser, url: string, options: Parameters<Browser["newContext"]>[0] = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("dialog", (dialog) => {
    errors.push(dialog.message());
    void dialog.dismiss();
  });
  context.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  return { context, page, errors, requests };
}
