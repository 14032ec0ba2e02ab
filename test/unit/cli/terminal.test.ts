import { readdirSync, readFileSync } from "node:fs";
import { assert, property, string } from "fast-check";
import type { Health, SequenceHealth } from "nextval/operate";
import { describe, expect, test } from "vitest";
import { daysLeft } from "../../../lib/cli/report/days-left.js";
import { describeHealth } from "../../../lib/cli/report/describe-health.js";
import { bar } from "../../../lib/cli/terminal/bar.js";
import { color } from "../../../lib/cli/terminal/color.js";
import { printableJson } from "../../../lib/cli/terminal/escape.js";
import { progressLine } from "../../../lib/cli/terminal/progress.js";
import { maskUrls, redactThrown, withoutSecrets } from "../../../lib/cli/terminal/redact.js";
import { shownPath } from "../../../lib/cli/terminal/relative-path.js";
import { text } from "../../../lib/cli/terminal/shown-text.js";
import { table } from "../../../lib/cli/terminal/table.js";
import { displayWidth, truncateToWidth } from "../../../lib/cli/terminal/text-width.js";
import { percent } from "../../../lib/operate/figures.js";
import { shownName } from "../../../lib/server/names.js";
import { runs } from "../../support/effort.js";

test.each([
  ["order_seq", 9],
  ["表序列", 6],
  ["ｶﾅ", 2],
  ["e\u0301", 1],
  ["\u200b\u200d", 0],
  ["🙂", 2],
  ["👩‍👩‍👧", 2],
  ["❤️", 2],
  ["🇩🇪", 2],
  ["█░", 2],
])("%s takes %i columns", (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test("a text is cut at a column, between graphemes", () => {
  expect(truncateToWidth("abcdef", 4)).toBe("abcd");
  expect(truncateToWidth("表序列", 5)).toBe("表序");
  expect(truncateToWidth("ae\u0301b", 2)).toBe("ae\u0301");
});

test("a table has a line per row, whatever its cells contain", () => {
  expect(
    table(
      [
        ["表", "1", "x"],
        ["line\nbreak\t", "1000", ""],
      ],
      [1],
    ).map(String),
  ).toEqual(
    [`表${" ".repeat(21)}   1  x`, "line\\u000abreak\\u0009  1000"].map((line) => line.replace(/ {2,}x/, "  x")),
  );
});

test.each([
  [0, "░░░░", "0.0 %"],
  [1e-12, "█░░░", "0.0 %"],
  [0.57, "██░░", "57.0 %"],
  [0.9155, "███░", "91.5 %"],
  [0.999999999999, "███░", "99.9 %"],
  [1, "████", "100.0 %"],
])("of %d the bar is %s and the share %s", (share, drawn, shown) => {
  expect(bar(share, 4)).toBe(drawn);
  expect(percent(share)).toBe(shown);
});

test.each([
  [0, "0 days"],
  [0.001, "under an hour"],
  [0.04, "under an hour"],
  [1 / 24, "1 hour"],
  [1.99, "47 hours"],
  [2, "2 days"],
  [9.99, "9.9 days"],
  [1234.5, "1,234 days"],
])("%d days are shown as %s", (days, shown) => {
  expect(daysLeft(days)).toBe(shown);
});

describe("progress", () => {
  test("stays on its line, however narrow the terminal", () => {
    for (let columns = 1; columns < 100; columns++) {
      const line = progressLine("reading columns", { done: 700, total: 1500 }, columns);
      expect(displayWidth(line)).toBeLessThan(columns);
    }
    expect(progressLine("reading columns", { done: 3, total: 6 }, 80)).toBe(
      `reading columns ${"█".repeat(15)}${"░".repeat(15)} 3/6`,
    );
  });
});

describe("text for people", () => {
  test("has no invisible characters and is one line, whatever is inserted", () => {
    assert(
      property(string({ unit: "binary" }), (given) => {
        const shown = `${text`a ${given} b`}`;
        expect(shown.replaceAll(/[\u200c\u200d]/g, "")).toMatch(/^a [^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]* b$/u);
        expect(JSON.parse(printableJson(JSON.stringify({ [given]: given })))).toEqual({ [given]: given });
      }),
      runs(50),
    );
    expect(`${text`${"\u{e0041}\x9b\n"}\n${color.red("\t")}`}`).toBe("\\u{e0041}\\u009b\\u000a\n\\u0009");
  });

  test("is the only thing that is printed: nothing else writes text of a database", () => {
    const folder = new URL("../../../lib/cli/", import.meta.url);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const writing = files.filter((name) =>
      /\bwrite\(|new Console|console\.|output: process/.test(readFileSync(new URL(name, folder), "utf8")),
    );
    expect(writing.sort()).toEqual([
      "database/probe.ts",
      "program.ts",
      "terminal/confirm.ts",
      "terminal/print.ts",
      "terminal/progress.ts",
    ]);
  });
});

test("names have the quotes that they need", () => {
  expect(shownName("public", "order_seq")).toBe("public.order_seq");
  expect(shownName("a", "b.c")).toBe('a."b.c"');
  expect(shownName("a.b", "c")).toBe('"a.b".c');
  expect(shownName("Sales", 'we"ird')).toBe('"Sales"."we""ird"');
});

describe("health", () => {
  const sequence = (schema: string, name: string, more: Partial<SequenceHealth> = {}): SequenceHealth => ({
    sequence: { schema, name },
    level: "ok",
    problems: [],
    accepted: [],
    lastValue: 1n,
    nextValue: 2n,
    end: 9223372036854775807n,
    used: 0.25,
    left: 9223372036854775806n,
    rows: null,
    inserts: null,
    cycles: false,
    increment: 1n,
    cache: 1n,
    columns: [],
    ...more,
  });
  const health = (...sequences: SequenceHealth[]): Health => ({
    database: "shop",
    sampledAt: new Date(0),
    level: "ok",
    sequences,
    excluded: 0,
    unmatched: { exclude: [], accepted: [], feeds: [] },
  });
  const looks = { rates: undefined, verbose: false, columns: undefined };

  test("each sequence has its own days", () => {
    const rates = [
      { sequence: { schema: "a", name: "b.c" }, drawn: 1n, perDay: 1, burned: null, daysLeft: 5 },
      { sequence: { schema: "a.b", name: "c" }, drawn: 1n, perDay: 1, burned: null, daysLeft: 700 },
    ];
    const text = `${describeHealth(health(sequence("a", "b.c"), sequence("a.b", "c")), { ...looks, rates })}`;
    expect(text).toMatch(/^level +used +left {2}lasts for {2}sequence$/m);
    expect(text).toMatch(/ {2}5 days {4} a\."b\.c"$/m);
    expect(text).toMatch(/ {2}700 days {2} "a\.b"\.c$/m);
  });

  test.each([20, 60, 80, 120, 200])("nothing wraps inside a number or a word at %d columns", (columns) => {
    const problem = {
      code: "BEHIND_COLUMN" as const,
      level: "critical" as const,
      message:
        "public.order_seq: its next value is 9223372036854775806, but public.orders.id goes to 9223372036854775807",
      hint: "Run resync. It moves the sequence past the rows, and takes no lock that stops others for long.",
      fix: `alter sequence "public"."a name with ${"many ".repeat(8)}words" restart with 9223372036854775807`,
      columns: [],
    };
    const shown = health(
      sequence("public", "order_seq", { level: "critical", problems: [problem] }),
      sequence("billing", "invoice_numbers_of_all_the_tenants_seq", { cycles: true, cache: 20n }),
      sequence("billing", "a", { used: null, left: null }),
    );
    const rates = [{ sequence: { schema: "billing", name: "a" }, drawn: 1n, perDay: 1, burned: null, daysLeft: 5 }];
    const output = describeHealth(shown, { ...looks, rates, columns }).toString();
    for (const line of output.split("\n")) {
      // Only one long word may be wider.
      const isOneWord = /^ *(?:Fix: +)?(?:\S+|.*"[^"]*"\S*)$/.test(line);
      if (!isOneWord && columns >= 80) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    }
    expect(output).toContain("9,223,372,036,854,775,806");
    expect(output.includes("█")).toBe(columns >= 120);
    const words = (text: string) => text.replaceAll(/\s+/g, " ");
    for (const part of [problem.message, `Hint: ${problem.hint}`, `Fix: ${problem.fix};`]) {
      expect(words(output)).toContain(words(part));
    }
    expect(words(output)).toContain("billing.invoice_numbers_of_all_the_tenants_seq cycles");
    // A long name does not take the others out of their rows.
    if (columns >= 80) expect(output).toMatch(/\d {2,}public\.order_seq$/m);
  });

  test("a terminal with few lines has the worst sequences and the totals", () => {
    const many = Array.from({ length: 40 }, (_, index) => sequence("public", `s${index}`));
    const output = describeHealth(health(...many), { ...looks, columns: 80, lines: 20 }).toString();
    expect(output.split("\n").length).toBeLessThanOrEqual(20);
    expect(output).toContain("public.s0");
    expect(output).toMatch(/24 more sequences; a taller terminal shows more\n\n40 sequences: /);
  });

  test("informational findings are in the row, and in sentences with --verbose", () => {
    const problems = (["CACHE_LOST", "COLUMN_NARROWER"] as const).map((code) => ({
      code,
      level: "ok" as const,
      message: `${code}'s\nmessage`,
      hint: 'Pass columns: "all".',
      fix: "select 1; select 2",
      columns: [],
    }));
    const known = health(sequence("public", "order_seq", { cache: 20n, cycles: true, problems }));
    const text = `${describeHealth(known, looks)}`;
    expect(text).toMatch(/ {2}public\.order_seq {2}cycles, cache 20, column narrower\n\n/);
    expect(text).not.toContain("message");
    expect(`${describeHealth(known, { ...looks, verbose: true })}`).toContain(
      "    ! CACHE_LOST CACHE_LOST's\\u000amessage\n      Hint: Pass --all-columns.\n      Fix:  select 1; select 2;\n",
    );
  });

  test("accepted findings are in the row if they would count, and with --verbose with their reason", () => {
    const accepted = (["warning", "ok"] as const).map((level) => ({
      code: level === "ok" ? ("COLUMN_NARROWER" as const) : ("BEHIND_COLUMN" as const),
      level,
      message: `it is ${level}`,
      columns: [],
      reason: `because\n${level}`,
    }));
    const known = health(sequence("public", "order_seq", { accepted }));
    const text = `${describeHealth(known, looks)}`;
    expect(text).toMatch(/ {2}public\.order_seq {2}behind column \(accepted\)\n\n/);
    expect(text).not.toContain("because");
    expect(`${describeHealth(known, { ...looks, verbose: true })}`).toContain(
      "    ! BEHIND_COLUMN (accepted: because\\u000awarning) it is warning\n" +
        "    ! COLUMN_NARROWER (accepted: because\\u000aok)",
    );
  });

  test("one sequence is singular", () => {
    const text = `${describeHealth(health(sequence("public", "order_seq")), looks)}`;
    expect(text).toContain("\n1 sequence: 0 critical, 0 warning, 1 ok");
  });
});

test("a password is masked wherever it stands in a word", () => {
  const url = "postgres://user@a-long-name.eu-central-1.rds.example.com:5432/shop?sslmode=require&password=S3cr3tWord";
  const json = JSON.stringify({
    host: "a-long-name.eu-central-1.rds.example.com",
    user: "app",
    password: "S3cr3tWord",
  });
  for (const given of [url, json, JSON.stringify(json), "a".repeat(60) + "_PASSWORD=S3cr3tWord"]) {
    for (const mask of [redactThrown, withoutSecrets, shownPath]) {
      expect(mask(given)).toMatch(/password=\*\*\*\*$/i);
    }
  }
  expect(maskUrls(`cannot read ${url} here`)).toBe(`cannot read ${url.replace("S3cr3tWord", "****")} here`);
});
