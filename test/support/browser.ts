import { accessSync, constants, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { describe } from "vitest";

/** The first has no windows. With those of the others, a page takes three times as long. */
const NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/** The path of a Chromium of this machine; undefined if there is none, so tests with a browser are skipped. */
const CHROMIUM = NAMES.flatMap((name) =>
  (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)),
).find((path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/** Declares tests with a browser. Where there is none they are skipped, and their title says why. */
export function describeInBrowser(title: string, tests: () => void): void {
  const where =
    CHROMIUM === undefined ? "there is no Chromium in PATH; Debian's package is chromium-headless-shell" : "Chromium";
  describe.skipIf(CHROMIUM === undefined)(`${title} (${where})`, tests);
}

/** Starts the browser of {@link describeInBrowser}. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM as string,
    // It does not work for root.
    chromiumSandbox: false,
    // The code of PGlite takes longer to optimize than it then saves.
    args: ["--js-flags=--liftoff-only"],
  });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Returns the violations that axe-core finds on a page, each with the elements. Contrasts take most of the time, so
 * they can be left out where other pages have the same colors, and so can parts that other pages have as well.
 */
export async function violationsOf(
  page: Page,
  { contrast = true, exclude = [] }: { readonly contrast?: boolean; readonly exclude?: readonly string[] } = {},
): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  return page.evaluate(
    async ([enabled, excluded]) => {
      const { axe } = globalThis as unknown as {
        axe: {
          run(context: object, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
        };
      };
      const { violations } = await axe.run(
        { exclude: excluded },
        // Preloading is for style sheets of others and for media, which there are none of.
        { resultTypes: ["violations"], preload: false, rules: { "color-contrast": { enabled } } },
      );
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    },
    [contrast, exclude] as const,
  );
}

/** Opens a page, and collects what it reports. */
export async function openPage(browser: Browser, url: string, options: Parameters<Browser["newContext"]>[0] = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(100_000);
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
