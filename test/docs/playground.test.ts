import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { describeInBrowser, openPage, violationsOf } from "../support/browser.js";
import { libraryThatRuns, problemsOf, run, setHash, sharing, show, textOf } from "./playground-page.js";
import { useSite } from "./site.js";

/** What each example prints, and its last words if it fails. */
const EXAMPLES: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  insert: [/^100n$/],
  currval: [/order_id: 1n, item: "apple"/, /order_id: 1n, item: "pear"/, /^SESSION_REQUIRED: /m, /hint: /],
  rollback: [/^before 1n\ninside 2n\nThe customer has left\.\nafter 3n$/],
  cache: [/\[ 1n, 2n, 3n \]/, /last_value: 10n/, /\[ 11n, 12n, 13n \]/],
  cycle: [/\[ 1, 2, 3, 1, 2, 3, 1 \]/, /^SEQUENCE_EXHAUSTED: /m],
  ownership: [/id: 1n/, /^SEQUENCE_NOT_FOUND: /m],
  identity: [/id: 1000n/, /^428C9: /m, /^1001n$/m],
  plan: [
    /^alter sequence "public"."orders_id_seq" cache 20$/m,
    /CACHE_BREAKS_ORDER: /,
    /^PLAN_REFUSED: /m,
    /^0 changes/m,
  ],
  status: [/^critical: 0 values are left$/m, /message: "public.ticket_seq: /],
  resync: [/^23505: /m, /^next is 2, moves to 501$/m, /id: 501n/],
  named: [/id: 100n/, /so does \$<this>/, /ordrSeq/, /hint: .*orderSeq/],
};

describeInBrowser("the playground", () => {
  const site = useSite();
  let opened: Awaited<ReturnType<typeof openPage>>;
  let page: Page;

  beforeAll(async () => {
    opened = await openPage(site.browser, `${site.url}/playground`);
    page = opened.page;
  });

  test("the compiler refuses an option at its place, and the fix clears it", async () => {
    const sentence = "order_seq: startWith 5 is below minValue 100";
    await expect.poll(() => problemsOf(page), { timeout: 100_000 }).toEqual([expect.stringContaining(sentence)]);
    expect(await page.locator(".cm-lintRange-error").allTextContents()).toEqual(["startWith"]);
    await page.locator(".cm-lintRange-error").hover();
    await expect.poll(() => page.locator(".cm-tooltip").allTextContents()).toEqual([expect.stringContaining(sentence)]);
    // The rules of the run are those of the compiler.
    await run(page);
    expect(await page.locator(".entries .error").allTextContents()).toEqual([`INVALID_OPTIONS: ${sentence}`]);
    await page.getByRole("button", { name: "line 6" }).click();
    for (const _ of "startWith: ") await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Delete");
    await page.keyboard.type("100");
    await expect.poll(() => problemsOf(page)).toEqual([]);
    expect(await run(page)).toBe("100n");
    expect(opened.errors).toEqual([]);
  });

  test("shows types on hover, and completes", async () => {
    await page.locator(".cm-line", { hasText: "const orderSeq" }).hover({ position: { x: 70, y: 8 } });
    await expect
      .poll(() => page.locator(".hover-hint").allTextContents())
      .toEqual([expect.stringContaining("const orderSeq: PgSequence")]);
    await show(page, 'import { db } from "playground";\ndb.nextv');
    await page.locator(".cm-line").nth(1).click();
    await page.keyboard.press("End");
    await page.keyboard.press("Control+Space");
    await expect.poll(() => page.locator(".cm-completionLabel").allTextContents()).toContain("nextvals");
    await page.keyboard.press("Escape");
    expect(opened.errors).toEqual([]);
  });

  test("shows statements with their values, rows and errors, and the sequences", async () => {
    await show(
      page,
      `import { createSequence, nextval, pgSequence } from "nextval";
import { db } from "playground";
const seatSeq = pgSequence("seat_seq", { as: "smallint", maxValue: 2 });
await db.query(createSequence(seatSeq));
await db\`select \${nextval(seatSeq).as("seat")}, \${"<b>row 7</b>"}::text as place, \${null}::text as name\`;
await db.nextvals(seatSeq, 2);`,
    );
    await run(page);
    const [, drawn, failed] = await page.locator(".entries > .statement").all();
    expect(await drawn?.locator(".values").innerText()).toBe("$1 <b>row 7</b> $2 NULL");
    expect(await drawn?.locator("tr").allInnerTexts()).toEqual(["seat\tplace\tname", "1\t<b>row 7</b>\tNULL"]);
    expect(await failed?.locator(".error").innerText()).toMatch(/^2200H: nextval: reached maximum value/);
    const error = await page.locator(".entries > .failed .error").innerText();
    expect(error).toMatch(/^SEQUENCE_EXHAUSTED: seat_seq: /);
    expect(error).toContain("Hint: Raise its maxValue");
    const sequence = page.locator(".sequences > li");
    await expect.poll(() => sequence.locator("h3").allTextContents()).toEqual(["seat_seq"]);
    expect((await sequence.locator("dd").allInnerTexts()).map((text) => text.trim())).toEqual([
      "2",
      "yes",
      "1 to 2",
      "by 1",
      "100.0 %",
    ]);
    expect(await sequence.getAttribute("data-level")).toBe("critical");
    expect(await sequence.innerText()).toContain("Fix: alter sequence");
    await page.getByRole("button", { name: "Reset the database" }).click();
    await expect.poll(() => sequence.count()).toBe(0);
    expect(opened.errors).toEqual([]);
  });

  test.each(Object.entries(EXAMPLES))("the example %s compiles, and does what it says", async (name, prints) => {
    await setHash(page, `example=${name}`);
    await expect.poll(() => page.locator("select").inputValue()).toBe(name);
    const printed = await run(page);
    for (const print of prints) expect(printed).toMatch(print);
    expect(await page.locator(".status").textContent()).toBe(name === "status" ? "Failed" : "Done");
    await expect.poll(() => problemsOf(page)).toEqual([]);
    expect(opened.errors).toEqual([]);
  });

  test("has a test for each example", async () => {
    const names = await page
      .locator("option")
      .evaluateAll((options) => options.map((each) => each.getAttribute("value")));
    expect(names.filter((name) => name !== "declare").sort()).toEqual(Object.keys(EXAMPLES).sort());
  });

  test("stops a program that does not end, and a statement that does not", async () => {
    const stop = page.getByRole("button", { name: "Stop" });
    for (const endless of ["for (;;);", "await db`do $$ begin loop end loop; end $$`;"]) {
      await show(page, `import { db } from "playground";\nawait db\`create sequence kept\`;\n${endless}`);
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await expect.poll(() => page.locator(".entries > .statement").count()).toBe(1);
      await stop.click();
      await expect.poll(() => page.locator(".status").textContent()).toMatch(/^Stopped/);
      const isKept = endless.startsWith("for");
      await expect.poll(() => page.locator(".sequences h3").allTextContents()).toEqual(isKept ? ["kept"] : []);
    }
    await show(page, 'import { db } from "playground";\nconsole.log(await db`select 1 as one`);');
    expect(await run(page)).toBe("[ { one: 1 } ]");
    expect(opened.errors).toEqual([]);
  });

  test("a program can reach nothing but the database", async () => {
    await show(
      page,
      `const attempts: Record<string, () => unknown> = {
  fetch: () => fetch("${site.url}/secret?fetch"),
  socket: () =>
    new Promise((_, reject) => (new WebSocket("${site.url.replace("http", "ws")}/secret").onerror = reject)),
  events: () => new Promise((_, reject) => (new EventSource("${site.url}/secret?events").onerror = reject)),
  script: () => importScripts("${site.url}/secret?script"),
  module: () => import("${site.url}/secret?module" as string),
  worker: () => new Promise((_, reject) => (new Worker("${site.url}/secret?worker").onerror = reject)),
  database: () => indexedDB.open("x"),
  cookies: () => document.cookie,
};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    console.log(name, "works");
  } catch {
    console.log(name, "fails");
  }
}
console.log(origin);`,
    );
    const names = ["fetch", "socket", "events", "script", "module", "worker", "database", "cookies"];
    expect((await run(page)).split("\n")).toEqual([...names.map((name) => `${name} fails`), "null"]);
    // The browser reports what its policy has blocked, so the server is asked.
    expect(site.requested.filter((url) => url.includes("secret"))).toEqual([]);
    expect(site.requested.length).toBeGreaterThan(10);
    expect(opened.errors.every((error) => /Content Security Policy|secret/.test(error))).toBe(true);
    opened.errors.length = 0;
  });

  test("a library that a program loads into the database can reach nothing either", async () => {
    const code = `fetch("${site.url}/secret?database"); caches.open("playground")`;
    await show(
      page,
      `import { sql } from "nextval";
import { db } from "playground";
await db\`select lo_from_bytea(7000, decode(\${"${libraryThatRuns(code)}"}, 'hex'))\`;
await db\`select lo_export(7000, '/tmp/x.so')\`;
await db.query(sql.raw("load '/tmp/x.so'")).catch(({ message }) => console.log(message));`,
    );
    expect(await run(page)).toMatch(/unsafe-eval|Content Security Policy/);
    expect(site.requested.filter((url) => url.includes("secret"))).toEqual([]);
    opened.errors.length = 0;
  });

  test("what a program sends is text, or ends it", async () => {
    await show(page, 'console.log("<img src=x onerror=globalThis.hacked=1>");');
    expect(await run(page)).toBe("<img src=x onerror=globalThis.hacked=1>");
    expect(await page.evaluate(() => "hacked" in globalThis)).toBe(false);
    // A program may take the port by changing what the library calls.
    await show(
      page,
      `const send = MessagePort.prototype.postMessage;
MessagePort.prototype.postMessage = function () { send.call(this, { kind: "statement", text: {} }); };
console.log("other");
await new Promise(() => {});`,
    );
    await run(page);
    expect(await page.locator(".entries .error").allTextContents()).toEqual([
      "The program was stopped, because it sent something else.",
    ]);
    for (const tooMuch of ["1", '"x".repeat(900_000)']) {
      await show(page, `for (;;) console.log(${tooMuch});`);
      await run(page);
      expect(await page.locator(".entries .error").allTextContents()).toEqual([
        "The program was stopped, because it did too much.",
      ]);
    }
    expect(opened.errors).toEqual([]);
  });

  test("a program is shared by its address", async () => {
    const program = 'console.log("ünï ✓");';
    await show(page, program);
    await page.getByRole("button", { name: "Share" }).click();
    await expect.poll(() => page.locator(".status").textContent()).toMatch(/link is/);
    const url = page.url();
    expect(new URL(url).hash).toBe(sharing(`${program}\n`));
    const {
      page: other,
      context,
      errors,
    } = await openPage(site.browser, url, { viewport: { width: 360, height: 740 } });
    await expect.poll(() => textOf(other)).toBe(program);
    // On a phone.
    expect(await other.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    expect(await run(other)).toBe("ünï ✓");
    expect(await other.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    expect(errors).toEqual([]);
    await context.close();
  });

  test("works without a network, once it was loaded", async () => {
    const kept = () =>
      page.evaluate<boolean>(`(async () => {
        const urls = (await (await caches.open("playground")).keys()).map(({ url }) => url);
        const parts = ["/playground", "pglite", "typescript", "empty-database", "compiler.worker"];
        return parts.every((part) => urls.some((url) => url.includes(part)));
      })()`);
    await expect.poll(kept, { timeout: 60_000 }).toBe(true);
    await opened.context.setOffline(true);
    await page.goto(`${site.url}/playground#example=insert`);
    await page.reload();
    expect(await run(page)).toBe("100n");
    await opened.context.setOffline(false);
  });

  test("is accessible in both schemes", async () => {
    await show(
      page,
      'import { db } from "playground";\n' +
        "await db`create sequence a maxvalue 2`;\nawait db`select nextval('a') as first, nextval('a') as second`;\n" +
        'await db`select nextval(${"b"})`;\nnone;',
    );
    await expect.poll(() => problemsOf(page), { timeout: 100_000 }).toHaveLength(1);
    await run(page);
    await expect.poll(() => page.locator(".sequences h3").count()).toBe(1);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expect.poll(() => page.locator("html.dark").count()).toBe(colorScheme === "dark" ? 1 : 0);
      expect(await violationsOf(page)).toEqual([]);
    }
  });

  test.each([
    ["pglite.*.wasm", /^PostgreSQL failed: .*fetch/, "compiler.worker-"],
    ["compiler.worker-", /^The compiler failed: its code could not be loaded\. Reload/, "pglite.*.wasm"],
    ["typescript-", /^The compiler failed: .*imported module/, "pglite.*.wasm"],
  ])("says so if it cannot load %s", async (file, sentence, unneeded) => {
    const context = await site.browser.newContext();
    await context.route(`**/assets/${file}*`, (route) => route.abort());
    // It never arrives, because it would take longer than all else.
    await context.route(`**/assets/${unneeded}*`, () => {});
    const other = await context.newPage();
    await other.goto(`${site.url}/playground`);
    await expect.poll(() => other.getByRole("alert").allTextContents()).toEqual([expect.stringMatching(sentence)]);
    expect(await other.getByRole("button", { name: "Run", exact: true }).isDisabled()).toBe(true);
    await context.close();
  });

  test("the other pages load nothing of it", async () => {
    const { requests, errors, context, page: other } = await openPage(site.browser, `${site.url}/security`);
    await other.waitForLoadState("networkidle");
    const parts = requests.filter((url) =>
      /playground\/|Playground|worker|pglite\.|typescript-\d|empty-database/.test(url),
    );
    expect(parts).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(site.url))).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });
});
