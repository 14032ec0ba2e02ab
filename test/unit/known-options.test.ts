import {
  addIdentity,
  alterIdentity,
  alterSequence,
  bind,
  createSchema,
  createSequence,
  dropIdentity,
  dropSequence,
  generatedAsIdentity,
  grantOnAllSequences,
  grantOnFutureSequences,
  grantOnSequence,
  type NextvalError,
  pgSequence,
  renameSequence,
  restartSequence,
  revokeOnAllSequences,
  revokeOnFutureSequences,
  revokeOnSequence,
  setSequenceLogged,
  setSequenceOwnedBy,
  setSequenceOwner,
  setSequenceSchema,
  sql,
} from "nextval";
import { allocator, blockAllocator, gaplessCounter, stride } from "nextval/allocate";
import { applyPlan, generateMigration, inspectSequences, planChanges, pullDeclarations } from "nextval/catalog";
import {
  applyResync,
  applyTransfer,
  applyWiden,
  planResync,
  planTransfer,
  planWiden,
  sequenceStatus,
  widenFiles,
} from "nextval/operate";
import postgres from "postgres";
import { expect, test } from "vitest";
import { said } from "../support/said.js";

const orderSeq = pgSequence("order_seq");
/** Never connects, because options are checked first. */
const client = postgres("postgresql://127.0.0.1:1/none");
const db = bind(client);
const column = { table: "orders", column: "id" };
const state = {
  sequences: [],
  schemas: [],
  defaultSchema: null,
  searchPath: [],
  pathNames: [],
  inspected: null,
} as never;
const none = { changes: [], pending: [], questions: [] } as never;

/** Every function that takes options, with one that is mistyped. */
const calls: readonly (readonly [refusal: string, call: (mistyped: never) => unknown, mistyped: object])[] = [
  ["bind: waitTimout is not an option. Did you mean waitTimeout?", (o) => bind(client, o), { waitTimout: 5 }],
  ["with: timeuot is not an option. Did you mean timeout?", (o) => db.with(o), { timeuot: 5 }],
  ["begin: retry is not an option. Did you mean retries?", (o) => db.begin(() => {}, o), { retry: 5 }],
  ["session: abort is not an option. The options are timeout, signal.", (o) => db.session(() => {}, o), { abort: 5 }],
  ["nextval: durble is not an option. Did you mean durable?", (o) => db.nextval(orderSeq, o), { durble: false }],
  ["nextvals: durible is not an option. Did you mean durable?", (o) => db.nextvals(orderSeq, 5, o), { durible: false }],
  [
    "createSequence: ifNotExist is not an option. Did you mean ifNotExists?",
    (o) => createSequence(orderSeq, o),
    { ifNotExist: true },
  ],
  [
    "createSchema: exists is not an option. The options are ifNotExists.",
    (o) => createSchema("a", o),
    { exists: true },
  ],
  [
    "dropSequence: ifExist is not an option. Did you mean ifExists?",
    (o) => dropSequence(orderSeq, o),
    { ifExist: true },
  ],
  ["identity: start is not an option. Did you mean startWith?", (o) => generatedAsIdentity("always", o), { start: 5 }],
  [
    "order_seq: alterSequence: max is not an option. Did you mean maxValue?",
    (o) => alterSequence(orderSeq, o),
    { max: 5 },
  ],
  ...(
    [
      ["alterSequence", (o) => alterSequence(orderSeq, { restart: true }, o)],
      ["restartSequence", (o) => restartSequence(orderSeq, 5, o)],
      ["renameSequence", (o) => renameSequence(orderSeq, "a", o)],
      ["setSequenceSchema", (o) => setSequenceSchema(orderSeq, "a", o)],
      ["setSequenceLogged", (o) => setSequenceLogged(orderSeq, true, o)],
      ["setSequenceOwnedBy", (o) => setSequenceOwnedBy(orderSeq, null, o)],
      ["setSequenceOwner", (o) => setSequenceOwner(orderSeq, "a", o)],
    ] as const satisfies readonly (readonly [string, (mistyped: never) => unknown])[]
  ).map(
    ([name, call]) => [`${name}: ifExist is not an option. Did you mean ifExists?`, call, { ifExist: true }] as const,
  ),
  [
    "addIdentity: ifTablExists is not an option. Did you mean ifTableExists?",
    (o) => addIdentity(column, "always", {}, o),
    { ifTablExists: true },
  ],
  ["orders.id: nam is not an option. Did you mean name?", (o) => addIdentity(column, "always", o), { nam: "a" }],
  [
    "orders.id: alterIdentity: start is not an option. Did you mean startWith?",
    (o) => alterIdentity(column, o),
    { start: 5 },
  ],
  [
    "alterIdentity: ifExists is not an option. The options are ifTableExists.",
    (o) => alterIdentity(column, { restart: true }, o),
    { ifExists: true },
  ],
  ["dropIdentity: exists is not an option. Did you mean ifExists?", (o) => dropIdentity(column, o), { exists: true }],
  [
    "order_seq: withGrantOpton is not an option. Did you mean withGrantOption?",
    (o) => grantOnSequence(orderSeq, "usage", "app", o),
    { withGrantOpton: true },
  ],
  [
    "order_seq: cascad is not an option. Did you mean cascade?",
    (o) => revokeOnSequence(orderSeq, "usage", "app", o),
    { cascad: true },
  ],
  [
    "grantOnAllSequences: grantOption is not an option. The options are withGrantOption.",
    (o) => grantOnAllSequences("a", "usage", "app", o),
    { grantOption: true },
  ],
  [
    "revokeOnAllSequences: grantOption is not an option. Did you mean grantOptionFor?",
    (o) => revokeOnAllSequences("a", "usage", "app", o),
    { grantOption: true },
  ],
  [
    "grantOnFutureSequences: schema is not an option. Did you mean schemas?",
    (o) => grantOnFutureSequences(o, "usage", "app"),
    { schema: "a" },
  ],
  [
    "revokeOnFutureSequences: createBy is not an option. Did you mean createdBy?",
    (o) => revokeOnFutureSequences(o, "usage", "app"),
    { createBy: "a" },
  ],
  [
    "inspectSequences: schema is not an option. Did you mean schemas?",
    (o) => inspectSequences(db, o),
    { schema: "public" },
  ],
  [
    "pullDeclarations: exclud is not an option. Did you mean exclude?",
    (o) => pullDeclarations(state, o),
    { exclud: [] },
  ],
  ["planChanges: purne is not an option. Did you mean prune?", (o) => planChanges([], state, o), { purne: true }],
  [
    "pullDeclarations: identities is not an option. Did you mean identity?",
    (o) => pullDeclarations(state, o),
    { identities: true },
  ],
  ["applyPlan: alow is not an option. Did you mean allow?", (o) => applyPlan(db, none, o), { alow: [] }],
  [
    "generateMigration: fromat is not an option. Did you mean format?",
    (o) => generateMigration(none, o),
    { fromat: "sql" },
  ],
  ["allocator: siz is not an option. Did you mean size?", (o) => allocator(db, orderSeq, o), { siz: 5 }],
  [
    "blockAllocator: block is not an option. Did you mean blocks?",
    (o) => blockAllocator(db, orderSeq, o),
    { block: 5 },
  ],
  [
    "sql.insert: override is not an option. Did you mean overriding?",
    (o) => sql.insert({ id: 1 }, o),
    { override: "system" },
  ],
  ["sql.join: emtpy is not an option. Did you mean empty?", (o) => sql.join([], sql`, `, o), { emtpy: sql.empty }],
  ["stride: nods is not an option. Did you mean node?", (o) => stride(orderSeq, o), { nods: 5 }],
  [
    "gaplessCounter: startsWith is not an option. Did you mean startWith?",
    (o) => gaplessCounter("a", o),
    { startsWith: 5 },
  ],
  ["sequenceStatus: warnat is not an option. Did you mean warnAt?", (o) => sequenceStatus(db, o), { warnat: 5 }],
  [
    "planResync: allowBackward is not an option. Did you mean allowBackwards?",
    (o) => planResync(db, o),
    { allowBackward: true },
  ],
  [
    "applyResync: lockTimout is not an option. Did you mean lockTimeout?",
    (o) => applyResync(db, none, o),
    { lockTimout: 5 },
  ],
  [
    "applyTransfer: lockTimout is not an option. Did you mean lockTimeout?",
    (o) => applyTransfer(db, db, none as never, o),
    { lockTimout: 5 },
  ],
  [
    "planWiden: lockTimout is not an option. Did you mean lockTimeout?",
    (o) => planWiden(db, { table: "t", column: "id" }, o),
    { lockTimout: 5 },
  ],
  ["planWiden: colunm is not an option. Did you mean column?", (o) => planWiden(db, o as never), { colunm: "id" }],
  [
    "applyWiden: cleanup is not an option. Did you mean cleanUp?",
    (o) => applyWiden(db, none as never, o),
    { cleanup: true },
  ],
  ["widenFiles: fromat is not an option. Did you mean format?", (o) => widenFiles(none as never, o), { fromat: "sql" }],
  ["planTransfer: margn is not an option. Did you mean margin?", (o) => planTransfer(db, db, o), { margn: 5n }],
  ["planTransfer: rename is not an option. Did you mean renames?", (o) => planTransfer(db, db, o), { rename: {} }],
];

test.each(calls)("%s", async (refusal, call, mistyped) => {
  const error = await Promise.resolve()
    .then(() => call(mistyped as never))
    .catch((reason: unknown) => reason);
  expect(said(error)).toBe(refusal);
  expect((error as NextvalError).code).toMatch(/^INVALID_(?:ARGUMENT|OPTIONS|TEMPLATE)$/);
});

test("an option that every object has got is none", () => {
  const prototype = Object.prototype as { strange?: unknown };
  prototype.strange = 5;
  try {
    expect(createSequence(orderSeq, { ifNotExists: true }).text).toContain("if not exists");
    expect(() => bind(client, {})).not.toThrow();
  } finally {
    delete prototype.strange;
  }
});
