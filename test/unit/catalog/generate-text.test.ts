import * as fc from "fast-check";
import { NextvalError } from "nextval";
import { generateMigration, type MigrationFormat, type Plan } from "nextval/catalog";
import { describe, expect, test } from "vitest";
import { runs } from "../../support/effort.js";
import { folderOf } from "../../support/migration-folder.js";
import { planOf } from "../../support/plan-of.js";

const AT = new Date("2026-01-31T23:59:58.765Z");
const FORMATS: MigrationFormat[] = [
  "sql",
  "atlas",
  "dbmate",
  "drizzle",
  "flyway",
  "goose",
  "graphile-migrate",
  "knex",
  "kysely",
  "node-pg-migrate",
  "prisma",
  "umzug",
];

function filesOf(format: MigrationFormat, plan: Plan, name = "add_order-seq"): Record<string, string> {
  return Object.fromEntries(
    generateMigration(plan, { name, format, at: AT, folder: folderOf() }).map(({ path, content }) => [path, content]),
  );
}

/** How the tools find their markers, which none of our text may add. */
const MARKERS: Record<MigrationFormat, [pattern: RegExp, count: number]> = {
  sql: [/\$\{/g, 0],
  dbmate: [/^--\s*migrate:/gm, 2],
  goose: [/^\s*--.*\+goose/gm, 6],
  "node-pg-migrate": [/^\s*--[\s-]*(up|down)\s+migration/gim, 2],
  flyway: [/\$\{/g, 0],
  atlas: [/^[ -~]*atlas:/g, 0],
  drizzle: [/--> statement-breakpoint/g, 0],
  "graphile-migrate": [/:[A-Z]/g, 0],
  knex: [/^ *await .*(?<!\\)\?/gm, 0],
  kysely: [/\$\{/g, 0],
  prisma: [/;/g, 2],
  umzug: [/\$\{/g, 0],
};

const ATTACKS = [
  "-- +goose Down",
  "-- +goose StatementEnd",
  " +goose",
  "-- migrate:down",
  "-- Down Migration",
  "${flyway:timestamp}",
  "\\${x}",
  "\\\\${x}",
  "$${x}",
  "'; drop table orders; --",
  "\\'; drop table orders; --",
  "$$",
  "/*",
  "--> statement-breakpoint",
  ":DATABASE_NAME",
  "-- atlas:sum ignore",
  "`",
  "\\`",
  "\\?",
  ";",
];

/** As the library writes a literal. */
function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? `E${quoted}` : quoted;
}

const evil = fc
  .array(fc.oneof(fc.constantFrom(...ATTACKS, ..."\n\r\u2028\u2029\x85\v\ufeff", "\r\n"), fc.string()), {
    maxLength: 8,
  })
  .map((parts) => parts.join("").replaceAll("\0", ""));

describe.each(FORMATS)("text in strings stays text: %s", (format) => {
  test("in strings and in hazards", () => {
    const [pattern, count] = MARKERS[format];
    const textOf = (comment: string, message: string) => {
      const plan = planOf({
        sql: `comment on sequence "public"."order_seq" is ${literal(comment)}`,
        inverse: `comment on sequence "public"."order_seq" is ${literal(message)}`,
        hazards: [{ code: "LOCKS_INSERTS", message, blocked: false }],
      });
      return generateMigration(plan, { name: "x", format, at: AT, folder: folderOf() })
        .filter(({ path }) => /\.(sql|ts)$/.test(path))
        .map(({ content }) => content)
        .join("");
    };
    const beginsOf = (text: string) => text.split("\n").map((line) => line.trimEnd().slice(0, 10));
    const harmless = beginsOf(textOf("a", "b"));
    fc.assert(
      fc.property(evil, evil, (comment, message) => {
        const text = textOf(comment, message);
        expect(text.match(pattern)?.length ?? 0).toBe(count);
        expect(text).not.toContain("${");
        expect(text).not.toMatch(/[\r\u2028\u2029\x85\v\ufeff]/);
        // The lines are those of harmless text.
        expect(beginsOf(text)).toEqual(harmless);
      }),
      runs(50),
    );
  });
});

// goose treats it as an annotation anywhere in a comment, and refuses the file.
test("a name in a comment is not an annotation of goose", () => {
  const hazard = { code: "DROPS_SEQUENCE", message: "a +goose Down: its value is lost", blocked: false } as const;
  const plan = planOf({ sql: 'drop sequence "a +goose Down"', hazards: [hazard] });
  const written = filesOf("goose", plan, "x")["20260131235958_x.sql"];
  expect(written).toContain('\ndrop sequence "a +goose Down";\n');
  expect(written).toContain("\n-- Hazard DROPS_SEQUENCE: a + goose Down: its value is lost\n");
  expect(written).toContain('\n-- Cannot be undone: drop sequence "a + goose Down"\n');
});

test("only necessary characters are escaped", () => {
  const commentsOf = (text: string) =>
    Object.values(filesOf("sql", planOf({ sql: `comment on sequence "s" is ${literal(text)}` })))[0];
  const written = (text: string) => commentsOf(text)?.slice('comment on sequence "s" is '.length, -2);
  expect(written("it's $5; \t done 😀")).toBe("'it''s $5; \t done 😀'");
  expect(written("a\\b")).toBe("E'a\\\\b'");
  expect(written("a\nb\r\nc")).toBe("E'a\\nb\\r\\nc'");
  expect(written("a\\\nb")).toBe("E'a\\\\\\nb'");
  expect(written("a ${b} \\${c}")).toBe("E'a \\x24{b} \\\\\\x24{c}'");
  expect(written("\u2028 \x01 \u202e \ufeff")).toBe("E'\\u2028 \\u0001 \\u202e \\ufeff'");
});

describe("names", () => {
  test.each([
    ['create sequence "a\nb"', "holds a line break"],
    ['create sequence "a\rb"', "holds a line break"],
    ['create sequence "a\u2028b"', "holds a line break"],
    ['create sequence "a${b}"', "holds ${"],
    ['create sequence "a\ufeffb"', "holds a byte order mark"],
  ])("%j is refused", (sql, problem) => {
    for (const format of FORMATS) {
      const make = () => filesOf(format, planOf({ sql, subject: "a" }));
      expect(make).toThrow(NextvalError);
      expect(make).toThrow(problem);
      expect(() => filesOf(format, planOf({ sql: "drop x", inverse: sql }))).toThrow(problem);
    }
  });

  test.each<[MigrationFormat, name: string, problem: string]>([
    ["drizzle", "a--> statement-breakpoint", "holds --> statement-breakpoint"],
    ["graphile-migrate", "a:DATABASE_NAME", "holds a colon and a capital letter"],
    ["knex", "a\\?", "holds a question mark after a backslash"],
    ["prisma", "a;b", "holds a semicolon"],
  ])("%s refuses %j, the others do not", (format, name, problem) => {
    const plan = planOf({ sql: `drop sequence "${name}"`, subject: "a" });
    expect(() => filesOf(format, plan)).toThrow(problem);
    for (const other of FORMATS.filter((each) => each !== format)) expect(filesOf(other, plan)).toBeTypeOf("object");
  });

  test("all other characters stay unchanged", () => {
    const sql = `create sequence "it's; -- ""odd"" $$ \\ E'x' /* 😀"`;
    expect(filesOf("sql", planOf({ sql }))["0001_add_order-seq.up.sql"]).toBe(`${sql};\n`);
  });
});

test.each([
  "drop sequence a; drop sequence b",
  "drop sequence a --",
  "drop /* x */ sequence a",
  "select $$;$$",
  "drop sequence a\n",
  "comment on sequence a is 'x",
  'drop sequence "x',
  "comment on sequence a is U&'\\000a'",
  "comment on sequence a is 'x'y'",
])("statements that a plan does not make are refused: %j", (sql) => {
  expect(() => generateMigration(planOf({ sql }), { name: "x", format: "sql" })).toThrow(
    /^order_seq: the statement .* is not one/,
  );
});

test.each([
  [{ name: "" }, 'a migration has a name of up to 100 letters, digits, _ and -, which does not begin with -, not ""'],
  [{ name: "../x" }, 'not "../x"'],
  [{ name: "a b" }, 'not "a b"'],
  [{ name: "a\n" }, 'not "a\\n"'],
  [{ name: "-rf" }, 'not "-rf"'],
  [{ name: "é" }, 'not "é"'],
  [{ name: 5 }, "not 5"],
  [{ format: "rails" }, `the formats of migrations are ${FORMATS.join(", ")}, not "rails"`],
  [{ format: "toString" }, 'not "toString"'],
  [{ format: undefined }, "not undefined"],
  [{ at: new Date(NaN) }, "a migration is made at a date of the years 2002 to 2285, not Invalid Date"],
  [{ at: new Date(0) }, "not "],
  [{ at: "2026-01-01" }, "not 2026-01-01"],
  [{ format: "drizzle" }, "the migrations of drizzle depend on those before them, and the option folder is missing"],
  [{ extension: "ts" }, 'the migrations of sql are not modules, so they have no extension "ts"'],
  [{ format: "knex", extension: "sql" }, 'the modules of migrations are ts, js, mjs, cjs, not "sql"'],
  [{ format: "knex", extension: "mjs" }, 'the modules of knex are ts, js, cjs, not "mjs"'],
  [{ format: "kysely", extension: "cjs" }, 'the modules of kysely are ts, js, mjs, not "cjs"'],
])("invalid options are refused: %j", (options, message) => {
  const plan = planOf({ sql: 'drop sequence "a"' });
  const make = () => generateMigration(plan, { name: "x", format: "sql", ...options } as never);
  expect(make).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
  );
});

test("an empty plan has no migration", () => {
  expect(() => generateMigration(planOf(), { name: "x", format: "sql" })).toThrow(
    "the plan of the migration x is empty",
  );
});
