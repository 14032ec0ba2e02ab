import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { PrismaPg } from "@prisma/adapter-pg";
import type { Sql as PrismaSql, sqltag } from "@prisma/client/runtime/client";
import { type AnySequence, bind, createSequence, embed, nextval, pgSequence, sql } from "nextval";
import { bind as bindHost, bindTransaction, type RunStatement } from "nextval/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHostHandle } from "../../support/hosts/host-handle.js";
import { testHost } from "../../support/hosts/host.js";
import { recordStatements, type StatementRecorder } from "../../support/hosts/recorder.js";

const orderSeq = pgSequence("order_seq");
const invoiceSeq = pgSequence("Invoice Seq");

const SCHEMA = `
generator client {
  provider   = "prisma-client"
  output     = "client"
  engineType = "client"
}

datasource db {
  provider = "postgresql"
  url      = "postgresql://unused"
}

model Invoice {
  id   BigInt @id @default(dbgenerated(${JSON.stringify(nextval(invoiceSeq).text)}))
  note String

  @@map("invoices")
}
`;

/** Of the client that Prisma generates, what the tests use. */
interface Generated {
  readonly Prisma: { readonly sql: typeof sqltag };
  readonly PrismaClient: new (options: { adapter: PrismaPg }) => PrismaClient;
}

interface PrismaQueries {
  $queryRawUnsafe(query: string, ...values: unknown[]): Promise<unknown>;
}

interface PrismaClient extends PrismaQueries {
  $transaction<Result>(work: (transaction: PrismaQueries) => Promise<Result>): Promise<Result>;
  $executeRaw(query: TemplateStringsArray | PrismaSql, ...values: unknown[]): Promise<number>;
  $queryRaw(query: TemplateStringsArray | PrismaSql, ...values: unknown[]): Promise<unknown>;
  $disconnect(): Promise<void>;
  readonly invoice: { create(options: { data: { id?: bigint; note: string } }): Promise<unknown> };
}

const prismaCli = createRequire(import.meta.url).resolve("prisma/build/index.js");
let folder: string;
let Prisma: Generated["Prisma"];
let PrismaClient: Generated["PrismaClient"];

const open = (url: string) => new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });

beforeAll(async () => {
  // In node_modules, where the generated client finds Prisma's runtime, and version control ignores it.
  folder = await mkdtemp(join(dirname(prismaCli), "../../.nextval-prisma-"));
  const schema = join(folder, "schema.prisma");
  await writeFile(schema, SCHEMA);
  await promisify(execFile)(process.execPath, [prismaCli, "generate", "--no-hints", "--schema", schema], {
    // The client needs no engine, but the command would download two. It skips the query engine if it finds
    // `engineType` in its working folder. It skips the schema engine if it is given the path of one, for which any
    // program will do.
    cwd: folder,
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
      CHECKPOINT_DISABLE: "1",
    },
  });
  ({ Prisma, PrismaClient } = (await import(
    /* @vite-ignore */ pathToFileURL(join(folder, "client/client.ts")).href
  )) as Generated);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A template of the client, and one of `Prisma.sql` that is run afterwards. */
const inserts = {
  $executeRaw: (prisma: PrismaClient, sequence: AnySequence, note: string) =>
    prisma.$executeRaw`insert into orders (id, note) values (${embed(Prisma.sql, nextval(sequence))}, ${note})`,
  "Prisma.sql": (prisma: PrismaClient, sequence: AnySequence, note: string) =>
    prisma.$executeRaw(
      Prisma.sql`insert into orders (id, note) values (${embed(Prisma.sql, nextval(sequence))}, ${note})`,
    ),
  "a whole fragment": (prisma: PrismaClient, sequence: AnySequence, note: string) =>
    prisma.$executeRaw(embed(Prisma.sql, sql`insert into orders (id, note) values (${nextval(sequence)}, ${note})`)),
};

for (const [way, insert] of Object.entries(inserts)) {
  testHost(`Prisma, by ${way}`, {
    text: (call) => `insert into orders (id, note) values (${call}, $1)`,
    open: (url) => {
      const prisma = open(url);
      return {
        insert: (sequence, note) => insert(prisma, sequence, note),
        close: () => prisma.$disconnect(),
      };
    },
  });
}

testHostHandle("Prisma", (url) => {
  const prisma = open(url);
  const run =
    (queries: PrismaQueries): RunStatement =>
    (text, values) =>
      queries.$queryRawUnsafe(text, ...values);
  return {
    db: bindHost(run(prisma)),
    transaction: (work) => prisma.$transaction((tx) => work(bindTransaction(run(tx)))),
    close: () => prisma.$disconnect(),
  };
});

describe("Prisma", () => {
  const database = useDatabase();
  let recorder: StatementRecorder;
  let prisma: PrismaClient;

  beforeAll(async () => {
    const db = bind(database.client);
    await db.query(createSequence(orderSeq));
    await db.query(createSequence(invoiceSeq));
    await db`create table invoices (id bigint primary key default ${nextval(invoiceSeq)}, note text not null)`;
    recorder = await recordStatements(database.url);
    prisma = open(recorder.url);
  });
  afterAll(async () => {
    await prisma?.$disconnect();
    await recorder?.close();
  });

  test("draws the id of a model if it is the column's default", async () => {
    expect(await prisma.invoice.create({ data: { note: "created" } })).toEqual({ id: 1n, note: "created" });
  });

  test("runs a fragment with its values as parameters, and numbers those around it", async () => {
    const known = sql`'{"a": 1}'::jsonb ? ${"a"} as known`;
    const fragment = sql`${nextval(orderSeq)} > ${0n} as drawn, ${known}, $$:a $1$$ || ${"?"} as text`;
    const rows = await prisma.$queryRaw`select ${1}::int as one, ${embed(Prisma.sql, fragment)}, ${2n}::bigint as two`;
    expect(rows).toEqual([{ one: 1, drawn: true, known: true, text: ":a $1?", two: 2n }]);
    expect(recorder.statements).toContainEqual({
      text:
        `select $1::int as one, pg_catalog.nextval('"order_seq"'::pg_catalog.regclass) > $2 as drawn, ` +
        `'{"a": 1}'::jsonb ? $3 as known, $$:a $1$$ || $4 as text, $5::bigint as two`,
      values: ["1", "0", "a", "?", "2"],
    });
  });

  describe("limits", () => {
    test("a model does not accept an expression", async () => {
      const id = embed(Prisma.sql, nextval(orderSeq)) as unknown as bigint;
      await expect(prisma.invoice.create({ data: { id, note: "" } })).rejects.toThrow(
        "Expected BigInt, provided Object",
      );
    });

    test("a fragment needs embed: on its own it is not a query of Prisma", async () => {
      const fragment = sql`select ${nextval(orderSeq)} as id` as unknown as PrismaSql;
      await expect(async () => prisma.$queryRaw(fragment)).rejects.toThrow("is a tag function");
    });
  });
});
