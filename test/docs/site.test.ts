import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect, test, vi } from "vitest";
import { describeInBrowser, openPage, violationsOf } from "../support/browser.js";
import { readPublicNames } from "../support/docstrings/public-names.js";
import { IS_LONG } from "../support/effort.js";
import { useSite } from "./site.js";

// A loaded machine needs seconds for a page, and there are many.
vi.setConfig({ testTimeout: 600_000 });

const built = fileURLToPath(new URL("../../docs/.vitepress/dist/", import.meta.url));
const files = await readdir(built, { recursive: true });
/**
 * The pages that people wrote, as addresses. The playground has tests of its own, and a few pages of the API stand for
 * all of them.
 */
const written = files
  .filter((file) => file.endsWith(".html") && !/^(?:404|playground|repository\/|reference\/api\/nextval)/.test(file))
  .map((file) => `/${file.replace(/(?:index)?\.html$/, "")}`);
const API = ["functions/nextval", "interfaces/SqlTag", "classes/NextvalError", "catalog/interfaces/Plan", "operate/"];

/** Pages that show everything that has a color: blocks of each kind, types, tables, warnings, signatures. */
const OF_EACH_KIND = new Set([
  "/",
  "/getting-started",
  "/guides/declare",
  "/migrations/hazards",
  "/reference/errors",
  "/reference/api/",
  "/reference/api/nextval/interfaces/SqlTag",
]);

/**
 * Whether a page is loaded, and all of it is checked. The others are opened by a link, as most readers open them, which
 * takes a third of the time.
 */
const isVisitedWhole = (path: string) => IS_LONG || OF_EACH_KIND.has(path);

/** The part of a page that all of them have. */
const NAVIGATION = [".VPNav", ".VPSidebar"];

/** Keeps pages from loading what their links lead to, as a reader who saves data has it. */
const WITHOUT_PREFETCH = 'Object.defineProperty(navigator, "connection", { value: { saveData: true } })';

const api = API.map((page) => `/reference/api/nextval/${page}`);
/** Those that are loaded come first, because the others are opened in them. */
const pages = [...written, ...api].sort((a, b) => Number(isVisitedWhole(b)) - Number(isVisitedWhole(a)));

const SCREEN = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const TABS = 2;

test("the reference has a page for each public name", async () => {
  const missing: string[] = [];
  for (const { subpath, name } of readPublicNames()) {
    const page = new RegExp(`^reference/api/${subpath}/[a-z-]+/${name}\\.html$`);
    if (files.some((file) => page.test(file))) continue;
    // A type that several subpaths export has one page, which the others link to.
    const entry = `reference/api/${subpath}/`;
    const text = await readFile(`${built}${entry}index.html`, "utf8");
    const linked = new RegExp(`Re-exports <a href="([^"]*/${name})"`).exec(text)?.[1];
    if (!files.includes(join(entry, `${linked}.html`))) missing.push(`${subpath}: ${name}`);
  }
  expect(missing).toEqual([]);
});

test("llms.txt lists every page, and each is there as Markdown", async () => {
  const list = await readFile(`${built}llms.txt`, "utf8");
  const linked = new Set([...list.matchAll(/\]\(\/(.*?)\)/g)].map(([, path]) => path!));
  const markdown = files.filter((file) => file.endsWith(".md"));
  expect([...linked].filter((path) => !markdown.includes(path))).toEqual([]);
  const pagesOfSite = files.filter((file) => /^(?!404|repository\/).*\.html$/.test(file));
  expect(markdown.length).toBeGreaterThanOrEqual(pagesOfSite.length - 1);
  for (const page of ["getting-started", "guides/declare", "operations/status", "reference/errors"]) {
    expect(linked).toContain(`${page}.md`);
    expect(await readFile(`${built}${page}.md`, "utf8")).toMatch(/^# \S/m);
  }
  // A reader that is a program gets the text as it was written, and no HTML of the theme.
  const declare = await readFile(`${built}guides/declare.md`, "utf8");
  expect(declare).toContain("pgSequence(");
  expect(declare).not.toContain("<div");
});

test("a block of code that is a file shows its name", async () => {
  const page = await readFile(`${built}getting-started.html`, "utf8");
  const names = [...page.matchAll(/<p class="file-name"[^>]*><code[^>]*>(.*?)<\/code><\/p>\s*<div class="language-/g)];
  expect(names.map(([, name]) => name)).toEqual([
    "tsconfig.json",
    "src/sequences.ts",
    "src/sequences.ts",
    "nextval.config.ts",
    "src/sequences.ts",
  ]);
});

test("of a console, only the commands are copied", async () => {
  const page = await readFile(`${built}getting-started.html`, "utf8");
  const consoles = page.match(/<div class="language-console[^]*?<\/pre>/g) ?? [];
  expect(consoles.length).toBeGreaterThan(3);
  for (const console of consoles) {
    // What the button leaves out.
    const copied = console.replace(
      /<span class="line vp-copy-ignore".*|<span[^>]* class="vp-copy-ignore">\$ <\/span>/g,
      "",
    );
    const lines = copied.match(/<span class="line".*/g) ?? [];
    const commands = lines.map((line) => line.replace(/<[^>]*>/g, ""));
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) expect(command).toMatch(/^(?:npx|cat|echo) /);
  }
});

describeInBrowser("the site", () => {
  const site = useSite();

  test("every page is accessible, without errors and without scrolling aside", async () => {
    expect(await problemsOf("light", pages)).toEqual([]);
  });

  test("so is a page of each kind in the dark scheme", async () => {
    expect(await problemsOf("dark", IS_LONG ? pages : [...OF_EACH_KIND])).toEqual([]);
  });

  /** Visits pages in several tabs, on a screen and then on a phone. */
  async function problemsOf(colorScheme: "light" | "dark", visited: readonly string[]): Promise<string[]> {
    expect(visited.length).toBeGreaterThan(0);
    const options = { colorScheme, viewport: SCREEN, reducedMotion: "reduce" } as const;
    const queue = [...visited];
    const found: string[] = [];
    const visit = async () => {
      const { context, page, errors, requests } = await openPage(site.browser, "about:blank", options);
      await context.addInitScript(WITHOUT_PREFETCH);
      for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
        const isWhole = isVisitedWhole(path);
        if (isWhole) await page.goto(`${site.url}${path}`);
        else await follow(page, path);
        await page.locator("#VPContent").waitFor();
        const options = isWhole ? {} : { contrast: false, exclude: NAVIGATION };
        for (const violation of await violationsOf(page, options)) found.push(`${path}: ${violation}`);
        for (const viewport of [PHONE, SCREEN]) {
          await page.setViewportSize(viewport);
          const width = await page.evaluate<number>("document.documentElement.scrollWidth");
          if (width > viewport.width) found.push(`${path}: is ${width} wide`);
        }
        for (const error of errors.splice(0)) found.push(`${path}: ${error}`);
      }
      // Nothing is loaded from elsewhere.
      found.push(...requests.filter((url) => !url.startsWith(site.url)));
      await context.close();
    };
    await Promise.all(Array.from({ length: TABS }, visit));
    return found;
  }

  test("search finds a page by the message of an error", async () => {
    const { context, page, errors } = await openPage(site.browser, `${site.url}/getting-started`);
    // The page listens for keys only some time after it has loaded.
    const search = page.getByRole("searchbox");
    await expect
      .poll(async () => {
        await page.keyboard.press("/");
        return search.count();
      })
      .toBe(1);
    await search.fill("reached maximum value");
    await page.locator(".result").first().waitFor();
    const titles = await page.locator(".result").allInnerTexts();
    expect(titles.join("\n")).toMatch(/Limits|Errors|exhausted|full/i);
    await page.getByRole("searchbox").fill("alterSequence");
    await expect.poll(() => page.locator(".result").first().innerText()).toMatch(/alterSequence/);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("h1").innerText()).toMatch(/alterSequence/);
    expect(errors).toEqual([]);
    await context.close();
  });

  test("the keyboard reaches the text, the navigation and the pages", async () => {
    const { context, page, errors } = await openPage(site.browser, `${site.url}/getting-started`, {
      viewport: { width: 1400, height: 900 },
    });
    const focused = () => page.evaluate<string>("document.activeElement?.textContent?.trim() ?? ''");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to content");
    const reached = new Set<string>();
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      reached.add(await focused());
    }
    expect([...reached]).toEqual(expect.arrayContaining(["nextval", "Guide", "Playground", "Write a template"]));
    await focusOn(page, "Declare a sequence");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("h1").innerText()).toContain("Declare a sequence");
    expect(errors).toEqual([]);
    await context.close();
  });

  test("shows the type of a name that is pointed at", async () => {
    const { context, page, errors } = await openPage(site.browser, `${site.url}/guides/declare`);
    await page
      .locator(".twoslash-hover", { hasText: /^ticketSeq$/ })
      .first()
      .hover();
    await expect
      .poll(() => page.locator(".v-popper__popper--shown").allInnerTexts())
      .toEqual([expect.stringContaining("const ticketSeq: PgSequence")]);
    expect(errors).toEqual([]);
    await context.close();
  });
});

/** Opens a page as a link to it does. */
async function follow(page: Page, path: string): Promise<void> {
  await page.evaluate(`{
    const link = document.body.appendChild(document.createElement("a"));
    link.href = ${JSON.stringify(path)};
    link.click();
    link.remove();
  }`);
  // The text has a class of the page's name.
  await page.locator(`.vp-doc.${path.replaceAll("/", "_")}`).waitFor();
}

/** Moves the focus with the keyboard until it is on a link. */
async function focusOn(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 200; presses++) {
    if ((await page.evaluate("document.activeElement?.textContent?.trim()")) === text) return;
    await page.keyboard.press("Shift+Tab");
  }
  throw new Error(`The keyboard does not reach ${text}.`);
}
