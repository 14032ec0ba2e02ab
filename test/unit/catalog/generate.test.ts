import { createHash } from "node:crypto";
import { generateMigration, type MigrationFormat, type Plan } from "nextval/catalog";
import { describe, expect, test } from "vitest";
import { folderOf } from "../../support/migration-folder.js";
import { planOf } from "../../support/plan-of.js";

const AT = new Date("2026-01-31T23:59:58.765Z");

function filesOf(format: MigrationFormat, plan: Plan, name = "add_order-seq"): Record<string, string> {
  return Object.fromEntries(
    generateMigration(plan, { name, format, at: AT, folder: folderOf() }).map(({ path, content }) => [path, content]),
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

/** `DOWN` as comments. */
const BACK = DOWN.replaceAll(/^(?!--|$)/gm, "-- ").replaceAll("\n\n", "\n");

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
    expect(filesOf("sql", twoSteps)).toEqual({
      "0001_add_order-seq.up.sql": UP,
      "0001_add_order-seq.down.sql": DOWN,
    });
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

  // Of drizzle-kit 0.31, bin.cjs: writeResult and preparePgMigrationSnapshot. Of drizzle-orm: migrator.js.
  test("Drizzle", () => {
    const { "meta/0000_snapshot.json": snapshot, ...files } = filesOf("drizzle", twoSteps);
    expect(files).toEqual({
      "0000_add_order-seq.sql": `${UP.replaceAll(/;\n(?=\n)/g, ";--> statement-breakpoint\n")}
-- The way back, which drizzle-kit does not run:
${BACK}`,
      "meta/_journal.json": JSON.stringify(
        {
          version: "7",
          dialect: "postgresql",
          entries: [{ idx: 0, version: "7", when: AT.getTime(), tag: "0000_add_order-seq", breakpoints: true }],
        },
        null,
        2,
      ),
    });
    expect(JSON.parse(snapshot!)).toMatchObject({
      id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
      prevId: "00000000-0000-0000-0000-000000000000",
      tables: {},
    });
  });

  // The names and the lock file are those of `prisma migrate dev`; source: prisma.io, "Generating down migrations".
  test("Prisma", () => {
    expect(filesOf("prisma", twoSteps)).toEqual({
      "20260131235958_add_order-seq/migration.sql": UP,
      "20260131235958_add_order-seq/down.sql": DOWN,
      "migration_lock.toml": expect.stringMatching(/^# .*\n# .*\nprovider = "postgresql"\n$/),
    });
  });

  // Of graphile-migrate, dist/hash.js: the hash is that of the line of the previous hash and of the trimmed text.
  test("graphile-migrate", () => {
    const body = `${UP}\n-- The way back, which graphile-migrate does not run:\n${BACK}`;
    const hash = createHash("sha1").update(body).digest("hex");
    expect(filesOf("graphile-migrate", twoSteps)).toEqual({
      "committed/000001-add_order-seq.sql":
        `--! Previous: -\n--! Hash: sha1:${hash}\n--! Message: add_order-seq\n\n` + body,
    });
  });

  // Source: atlasgo.io, "Migration Directory Integrity", and sql/migrate/dir.go.
  test("Atlas", () => {
    const name = "20260131235958_add_order-seq.sql";
    const content = `-- Migration add_order-seq\n\n${UP}\n-- The way back, which Atlas does not run:\n${BACK}`;
    const hash = createHash("sha256").update(name).update(content).digest("base64");
    const total = createHash("sha256").update(name).update(hash).digest("base64");
    expect(filesOf("atlas", twoSteps)).toEqual({
      [name]: content,
      "atlas.sum": `h1:${total}\n${name} h1:${hash}\n`,
    });
  });

  // In `toEqual`, not as files: test/adversarial/migration-tools.long.test.ts runs them.
  test("Knex, Kysely and Umzug", () => {
    const two = planOf(
      { sql: `comment on sequence "a\`?" is 'b?\\'`, inverse: null, hazards: twoSteps.changes[1]!.hazards.slice(0, 1) },
      { sql: 'alter sequence "b" cycle', inverse: 'alter sequence "b" no cycle' },
    );
    expect(filesOf("knex", two)).toEqual({
      "20260131235958_add_order-seq.ts": `import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  // Hazard CYCLE_REPEATS_KEYS: ticket_seq: its values come again
  await knex.raw(\`comment on sequence "a\\\`\\\\?" is E'b\\\\u003f\\\\\\\\'\`);

  await knex.raw(\`alter sequence "b" cycle\`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(\`alter sequence "b" no cycle\`);

  // Cannot be undone: comment on sequence "a\`? " is 'b? \\'
}
`,
    });
    expect(Object.entries(filesOf("kysely", planOf(two.changes[0]!)))).toEqual([
      [
        "1769903998765_add_order-seq.ts",
        `import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // Hazard CYCLE_REPEATS_KEYS: ticket_seq: its values come again
  await sql.raw(\`comment on sequence "a\\\`?" is 'b?\\\\'\`).execute(db);
}

export async function down(): Promise<void> {
  // Cannot be undone: comment on sequence "a\`?" is 'b?\\'
}
`,
      ],
    ]);
    expect(filesOf("umzug", two)["2026.01.31T23.59.58.add_order-seq.ts"]).toContain(`
export async function down({ context }: Given): Promise<void> {
  const client = "query" in context ? context : context.sequelize;
  await client.query([
    \`alter sequence "b" no cycle\`,

    // Cannot be undone: comment on sequence "a\`?" is 'b?\\'
  ].join(";\\n"));
}
`);
  });

  test("the default time is now", () => {
    const before = Date.now();
    const [file] = generateMigration(twoSteps, { name: "x", format: "node-pg-migrate" });
    const at = Number(file?.path.split("_")[0]);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
  });
});
