import * as fc from "fast-check";
import { bind, pgSchema, pgSequence, type SequenceLike } from "nextval";
import { generateMigration, inspectSequences, planChanges } from "nextval/catalog";
import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { runs } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";
import { folderOf } from "../../support/migration-folder.js";

const database = useDatabase({ onnotice: () => {} });

beforeEach(async () => {
  await database.client.unsafe(`
    drop schema if exists billing cascade;
    drop schema public cascade;
    create schema public;
    create table orders (id bigint, code integer);
    create sequence ticket_seq as integer minvalue -5 start with 3 increment by 5 cache 3 owned by orders.id;
    comment on sequence ticket_seq is 'old\n-- +goose Down\n-- migrate:down\n-- Down Migration\n\${x}';
    create sequence moved_seq;
    create sequence gone_seq as smallint increment by -1 minvalue -10`);
});

const COMMENT = "new; it's\r\n-- +goose StatementEnd\n-- migrate:down\n-- Down Migration\n\\${y} $$ \u2028 \\";

const declared: SequenceLike[] = [
  pgSequence("ticket_seq", {
    as: "bigint",
    cycle: true,
    ownedBy: { table: "orders", column: "code" },
    comment: COMMENT,
  }),
  pgSchema("billing").sequence("invoice_seq", { startWith: 100, cache: 7, comment: COMMENT }),
  pgSchema("billing").sequence("moved_seq"),
];

const state = () => inspectSequences(bind(database.client));

/** The formats whose tools are not in npm, or run by test/adversarial/migration-tools.long.test.ts as well. */
const FORMATS = ["sql", "atlas", "dbmate", "flyway", "goose", "node-pg-migrate"] as const;

/** The parts of a migration as its tool sends them: each as a whole, or by statement. */
function partsOf(format: (typeof FORMATS)[number], contents: readonly string[]): [up: string[], down: string[]] {
  const [first = "", second = ""] = contents;
  if (format === "sql" || format === "flyway") return [[first], [second]];
  const marker = {
    atlas: "-- The way back, which Atlas does not run:\n",
    dbmate: "-- migrate:down\n",
    goose: "-- +goose Down\n",
    "node-pg-migrate": "-- Down Migration\n",
  }[format];
  const parts = first.split(marker);
  expect(parts).toHaveLength(2);
  if (format === "atlas") return [[parts[0]!], [parts[1]!.replaceAll(/^-- /gm, "")]];
  if (format !== "goose") return [[parts[0]!], [parts[1]!]];
  const statements = (part: string) =>
    [...part.matchAll(/^-- \+goose StatementBegin\n([^]*?)^-- \+goose StatementEnd\n/gm)].map((match) => match[1]!);
  return [statements(parts[0]!), statements(parts[1]!)];
}

describe.each(FORMATS)("%s", (format) => {
  test("up leads to the declarations, down leads back", async () => {
    const before = await state();
    const made = planChanges(declared, before, { prune: true, renames: { moved_seq: "billing.moved_seq" } });
    expect(made.changes.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["create schema", "create", "move", "alter", "own", "comment", "drop"]),
    );
    const [up, down] = partsOf(
      format,
      generateMigration(made, { name: "all_of_it", format, folder: folderOf() }).map(({ content }) => content),
    );

    for (const text of up) await database.client.unsafe(text);
    const after = await state();
    expect(planChanges(declared, after, { prune: true }).changes).toEqual([]);
    expect(after.sequences.map(({ options }) => options.comment)).toEqual([COMMENT, null, COMMENT]);

    for (const text of down) await database.client.unsafe(text);
    // One that was dropped comes back as another.
    const withoutOid = ({ sequences }: typeof before) => sequences.map((each) => ({ ...each, oid: undefined }));
    expect(withoutOid(await state())).toEqual(withoutOid(before));
    expect((await state()).schemas).not.toContain("billing");
  });
});

longTest("any comment arrives as it was", async () => {
  const piece = fc.oneof(
    fc.constantFrom(..."\n\r\\'\"$;\u2028\x85\x01\ufeff", "${", "--", "\\n", "\\u", "\\x24"),
    fc.string({ unit: "grapheme" }),
  );
  const comment = fc.array(piece, { minLength: 1 }).map((pieces) => pieces.join("").replaceAll("\0", "") || "x");
  await fc.assert(
    fc.asyncProperty(comment, async (comment) => {
      const made = planChanges([pgSequence("moved_seq", { comment })], await state());
      const [file] = generateMigration(made, { name: "x", format: "sql" });
      expect(file?.content.match(/\n/g)).toHaveLength(1);
      const [row] = await database.client.begin(async (tx) => {
        await tx.unsafe(file!.content);
        const rows = await tx`select obj_description('moved_seq'::regclass) as comment`;
        await tx`comment on sequence moved_seq is null`;
        return rows;
      });
      expect(row?.["comment"]).toBe(comment);
    }),
    runs(20),
  );
});
