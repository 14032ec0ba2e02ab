import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInBrowser, launchBrowser, openPage, violationsOf } from "../support/browser.js";
import { startListening } from "../support/command/listening.js";
import { type Project, useProjects } from "../support/command/project.js";
import { useDatabase } from "../support/database.js";

const database = useDatabase();
const makeProject = useProjects();

const HOSTILE = [
  "<script>globalThis.hacked = 1</script>",
  `"><img src=x onerror="globalThis.hacked = 1">`,
  "' onmouseover='globalThis.hacked = 1",
  "</style><script>globalThis.hacked = 1</script>",
  "&lt;b&gt; & <!--",
];

let browser: Browser;
let project: Project;
let server: Awaited<ReturnType<typeof startListening>>;

beforeAll(async () => {
  const names = HOSTILE.map((name) => `"${name.replaceAll('"', '""')}"`);
  await database.client.unsafe(`
    create table orders (id serial primary key); insert into orders (id) values (500);
    create sequence small_seq as smallint; select setval('small_seq', 30000);
    ${names.map((name) => `create sequence ${name} maxvalue 99; alter sequence ${name} restart with 99;`).join("")}
    ${Array.from({ length: 8 }, (_, index) => `create table t${index} (id bigserial primary key);`).join("")}`);
  project = await makeProject();
});

describeInBrowser("the page of status", () => {
  beforeAll(async () => {
    server = await startListening(project, ["--watch", "1"], database.url);
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const open = (options?: Parameters<Browser["newContext"]>[0], url = server.page) => openPage(browser, url, options);

  const shown = (page: Page) => page.locator("ol.sequences > li:visible");

  test("finds the sequence that ends next, and its fix is copied and works", async () => {
    const { page, context, errors } = await open({ permissions: ["clipboard-read", "clipboard-write"] });
    await expect(page.title()).resolves.toBe(`7 critical, 0 warning: sequences of ${database.name}`);
    await page.getByLabel("Name contains").fill("ORDERS");
    await expect.poll(() => shown(page).count()).toBe(1);
    await expect(page.getByRole("status").textContent()).resolves.toBe("1 of 15 shown");
    const entry = shown(page).first();
    await entry.getByRole("button", { name: "Copy" }).click();
    await expect.poll(() => page.evaluate<string>("navigator.clipboard.readText()")).toMatch(/^alter sequence .*;$/);
    const fix = await page.evaluate<string>("navigator.clipboard.readText()");
    await database.client.unsafe(fix);
    await page.getByLabel("Name contains").blur();
    // The page replaces itself, and keeps the filter.
    await expect.poll(() => entry.getAttribute("data-level")).toBe("ok");
    await expect(shown(page).count()).resolves.toBe(1);
    expect(errors).toEqual([]);
    await context.close();
  });

  test("filters by level, and sorts", async () => {
    const { page, context, errors } = await open();
    await page.getByLabel("ok", { exact: true }).uncheck();
    const levels = new Set(
      await shown(page).evaluateAll((items) => items.map((item) => item.getAttribute("data-level"))),
    );
    expect([...levels]).toEqual(["critical"]);
    await page.getByLabel("ok", { exact: true }).check();
    await page.getByLabel("Sort by").selectOption("name");
    const names = await shown(page).evaluateAll((items) => items.map((item) => item.getAttribute("data-name")));
    expect(names).toEqual([...names].sort());
    expect(errors).toEqual([]);
    await context.close();
  });

  test("goes on refreshing while a reader has something open, and leaves the focus there", async () => {
    const { page, context, errors } = await open();
    const summary = page.locator('li[data-name="public.t3_id_seq"] summary').first();
    await summary.click();
    const before = await page.locator("header").textContent();
    await expect.poll(() => page.locator("header").textContent()).not.toBe(before);
    await expect(summary.locator("..").getAttribute("open")).resolves.not.toBeNull();
    await expect.poll(() => summary.evaluate((element) => element.ownerDocument.activeElement === element)).toBe(true);
    expect(errors).toEqual([]);
    await context.close();
  });

  test("names from a database are text", async () => {
    const { page, context, errors } = await open();
    const titles = await page.locator("h2").allTextContents();
    for (const name of HOSTILE) expect(titles).toContain(`public."${name.replaceAll('"', '""')}"`);
    await page.locator("summary").first().click();
    await page.mouse.move(300, 300);
    expect(await page.evaluate(() => "hacked" in globalThis)).toBe(false);
    expect(errors).toEqual([]);
    await context.close();
  });

  test.each(["light", "dark"] as const)("is accessible in the %s scheme, also on a phone", async (colorScheme) => {
    const { page, context, errors } = await open({
      colorScheme,
      viewport: { width: 360, height: 740 },
      bypassCSP: true,
    });
    for (const summary of await page.locator("summary").all()) await summary.click();
    expect(await violationsOf(page)).toEqual([]);
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    expect(errors).toEqual([]);
    await context.close();
  });

  test("without JavaScript it shows everything, and loads itself again", async () => {
    const { page, context } = await open({ javaScriptEnabled: false });
    // Now and then it is loading.
    await expect.poll(() => shown(page).count()).toBe(15);
    expect(await page.locator("form").isVisible()).toBe(false);
    expect(await page.locator("button.copy:visible").count()).toBe(0);
    await expect.poll(() => page.content()).toContain('<meta http-equiv="refresh" content="1"');
    await context.close();
  });

  test("as a file, it needs no network", async () => {
    await project.start(["status", "--html", "page.html"], { DATABASE_URL: database.url }).finished;
    const { page, context, errors } = await open({ offline: true }, `file://${project.folder}/page.html`);
    await page.getByLabel("Name contains").fill("small");
    await expect.poll(() => shown(page).count()).toBe(1);
    await shown(page).getByRole("button", { name: "Copy" }).click();
    await expect.poll(() => shown(page).getByRole("button").textContent()).toMatch(/Copied|Selected/);
    expect(errors).toEqual([]);
    await context.close();
  });
});
