import * as fc from "fast-check";
import { NextvalError } from "nextval";
import { generateMigration, type Change, type MigrationFormat, type Plan } from "nextval/catalog";
import { describe, expect, test } from "vitest";

const AT = new Date("2026-01-31T23:59:58.765Z");
const FORMATS: MigrationFormat[] = ["sql", "dbmate", "goose", "node-pg-migrate", "flyway"];

function planOf(...changes: (Pick<Change, "sql"> & Partial<Change>)[]): Plan {
  return {
    changes: changes.map((change) => ({
      kind: "alter",
      subject: "order_seq",
      inverse: null,
      hazards: [],
      ...change,
    })),
    pending: [],
    questions: [],
    found: [],
    declared: [],
    resolved: [],
    options: {},
    inspected: null,
  };
}

function filesOf(format: MigrationFormat, plan: Plan, name = "add_order-seq"): Record<string, string> {
  return Object.fromEntries(
    generateMigration(plan, { name, format, at: AT }).map(({ path, content }) => [path, content]),
  );
}

const twoSteps = planOf(
  {
    kind: "create",
    subject: "order_seq",
    sql: 'create sequence "public"."order_seq" start with 100',
    inverse: 'drop sequence "public"."order_seq"',
  },
  {
    subject: "ticket_seq",
    sql: 'alter sequence "public"."ticket_seq" cache 5 cycle',
    inverse: 'alter sequence "public"."ticket_seq" cache 1 no cycle',
    hazards: [
      { code: "CYCLE_REPEATS_KEYS", message: "ticket_seq: its values come again", blocked: false },
      { code: "CURRENT_VALUE_EXCLUDED", message: "ticket_seq: its value is 5", blocked: true },
    ],
  },
  { kind: "drop", subject: "old_seq", sql: 'drop sequence "public"."old_seq"', inverse: null },
);

const UP = `create sequence "public"."order_seq" start with 100;

-- Hazard CYCLE_REPEATS_KEYS: ticket_seq: its values come again
-- Hazard CURRENT_VALUE_EXCLUDED, which the server refuses: ticket_seq: its value is 5
alter sequence "public"."ticket_seq" cache 5 cycle;

drop sequence "public"."old_seq";
`;

const DOWN = `-- Cannot be undone: drop sequence "public"."old_seq"

alter sequence "public"."ticket_seq" cache 1 no cycle;

drop sequence "public"."order_seq";
`;

test("a migration restarts a sequence only if the server would refuse the change otherwise", () => {
  const inverse = 'alter sequence "public"."a_seq" start with 1';
  const locking = { lock: 'alter sequence "public"."a_seq" no cycle', oid: "1", from: 1n };
  const moves = {
    sql: 'alter sequence "public"."a_seq" start with 5 restart',
    inverse,
    restart: { ...locking, without: 'alter sequence "public"."a_seq" start with 5' },
  };
  const turns = {
    sql: 'alter sequence "public"."a_seq" maxvalue -1 start with -5 restart',
    inverse: `${inverse} restart`,
    restart: { ...locking, without: null },
  };
  const [up, down] = Object.values(filesOf("sql", planOf(moves, turns)));
  expect(up).toBe(`-- Where no value was drawn from it, it can begin at its new start: ${moves.sql}
${moves.restart.without};

-- Restart: no value was drawn from it here. Do not run this where values were drawn: they would come again.
${turns.sql};
`);
  expect(down).toBe(`${turns.inverse};\n\n${inverse};\n`);
});

describe("the files of each format", () => {
  test("plain SQL", () => {
    expect(filesOf("sql", twoSteps)).toEqual({ "add_order-seq.up.sql": UP, "add_order-seq.down.sql": DOWN });
  });

  // Markers at the beginning of a line, both needed, nothing but comments before the first.
  // Source: github.com/amacneil/dbmate, README and pkg/dbmate/migration.go.
  test("dbmate", () => {
    expect(filesOf("dbmate", twoSteps)).toEqual({
      "20260131235958_add_order-seq.sql": `-- migrate:up\n${UP}\n-- migrate:down\n${DOWN}`,
    });
  });

  // Comments between statements are ignored; StatementBegin and StatementEnd stand around one statement.
  // Source: pressly.github.io/goose/documentation/annotations and internal/sqlparser/parser.go.
  test("goose", () => {
    expect(filesOf("goose", twoSteps)).toEqual({
      "20260131235958_add_order-seq.sql": `-- +goose Up
-- +goose StatementBegin
create sequence "public"."order_seq" start with 100;
-- +goose StatementEnd

-- Hazard CYCLE_REPEATS_KEYS: ticket_seq: its values come again
-- Hazard CURRENT_VALUE_EXCLUDED, which the server refuses: ticket_seq: its value is 5
-- +goose StatementBegin
alter sequence "public"."ticket_seq" cache 5 cycle;
-- +goose StatementEnd

-- +goose StatementBegin
drop sequence "public"."old_seq";
-- +goose StatementEnd

-- +goose Down
-- Cannot be undone: drop sequence "public"."old_seq"

-- +goose StatementBegin
alter sequence "public"."ticket_seq" cache 1 no cycle;
-- +goose StatementEnd

-- +goose StatementBegin
drop sequence "public"."order_seq";
-- +goose StatementEnd
`,
    });
  });

  // The first matches of /^\s*--[\s-]*(up|down)\s+migration/im divide the file; a prefix of 13 digits is in
  // milliseconds. Source: github.com/salsita/node-pg-migrate, src/sqlMigration.ts and src/migration.ts.
  test("node-pg-migrate", () => {
    expect(filesOf("node-pg-migrate", twoSteps)).toEqual({
      "1769903998765_add-order-seq.sql": `-- Up Migration\n${UP}\n-- Down Migration\n${DOWN}`,
    });
  });

  // Prefix, version, two underscores, description. Source: documentation.red-gate.com/flyway, "Migrations".
  test("Flyway", () => {
    expect(filesOf("flyway", twoSteps)).toEqual({
      "V20260131235958__add_order-seq.sql": UP,
      "U20260131235958__add_order-seq.sql": DOWN,
    });
  });

  test("the default time is now", () => {
    const before = Date.now();
    const [file] = generateMigration(twoSteps, { name: "x", format: "node-pg-migrate" });
    const at = Number(file?.path.split("_")[0]);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
  });
});

/** How the tools find their markers, which none of our text may add. */
const MARKERS: Record<MigrationFormat, [pattern: RegExp, count: number]> = {
  sql: [/\$\{/g, 0],
  dbmate: [/^--\s*migrate:/gm, 2],
  goose: [/^\s*--.*\+goose/gm, 6],
  "node-pg-migrate": [/^\s*--[\s-]*(up|down)\s+migration/gim, 2],
  flyway: [/\$\{/g, 0],
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
    fc.assert(
      fc.property(evil, evil, (comment, message) => {
        const plan = planOf({
          sql: `comment on sequence "public"."order_seq" is ${literal(comment)}`,
          inverse: `comment on sequence "public"."order_seq" is ${literal(message)}`,
          hazards: [{ code: "LOCKS_INSERTS", message, blocked: false }],
        });
        const text = generateMigration(plan, { name: "x", format, at: AT })
          .map(({ content }) => content)
          .join("");
        expect(text.match(pattern)?.length ?? 0).toBe(count);
        expect(text).not.toContain("${");
        expect(text).not.toMatch(/[\r\u2028\u2029\x85\v\ufeff]/);
        // A statement, a hazard, a statement, and what the format adds.
        const lines = text.split("\n").filter((line) => line !== "" && !/^-- (migrate:|\+goose|Up|Down)/.test(line));
        expect(lines.map((line) => line.slice(0, 10))).toEqual(["-- Hazard ", "comment on", "comment on"]);
      }),
      { numRuns: 200 },
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
      const make = () => generateMigration(planOf({ sql, subject: "a" }), { name: "x", format });
      expect(make).toThrow(NextvalError);
      expect(make).toThrow(problem);
      expect(() => generateMigration(planOf({ sql: "drop x", inverse: sql }), { name: "x", format })).toThrow(problem);
    }
  });

  test("all other characters stay unchanged", () => {
    const sql = `create sequence "it's; -- ""odd"" $$ \\ E'x' /* 😀"`;
    expect(filesOf("sql", planOf({ sql }))["add_order-seq.up.sql"]).toBe(`${sql};\n`);
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
  [{ format: "rails" }, 'the formats of migrations are sql, dbmate, goose, node-pg-migrate, flyway, not "rails"'],
  [{ format: "toString" }, 'not "toString"'],
  [{ format: undefined }, "not undefined"],
  [{ at: new Date(NaN) }, "a migration is made at a date of the years 2002 to 2285, not Invalid Date"],
  [{ at: new Date(0) }, "not "],
  [{ at: "2026-01-01" }, "not 2026-01-01"],
])("invalid options are refused: %j", (options, message) => {
  const make = () => generateMigration(twoSteps, { name: "x", format: "sql", ...options } as never);
  expect(make).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
  );
});

test("an empty plan has no migration", () => {
  expect(() => generateMigration(planOf(), { name: "x", format: "sql" })).toThrow(
    "the plan of the migration x is empty",
  );
});
