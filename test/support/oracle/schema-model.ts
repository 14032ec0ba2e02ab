import * as fc from "fast-check";

/** A value beside the sequence of a table: some steps from where it begins, goes on, or ends. */
const place = fc.record({
  near: fc.constantFrom("next", "next", "next", "next", "begin", "end", "far", "type end"),
  steps: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: -3, max: 12 })),
  /** Off the steps of the sequence. */
  aside: fc.constantFrom(0, 0, 0, 0, 1),
});

const sequence = fc.record({
  name: fc.nat(9),
  as: fc.constantFrom("bigint", "bigint", "integer", "smallint"),
  increment: fc.constantFrom(1, 1, 1, 1, -1, 2, -3, 10),
  /** The number of its steps, and where they begin; the bounds of its type if null. */
  size: fc.option(fc.record({ steps: fc.integer({ min: 1, max: 40 }), from: fc.constantFrom(1, -30, 0, 1000) })),
  cache: fc.constantFrom(1, 1, 1, 7),
  cycle: fc.constantFrom(false, false, false, true),
  unlogged: fc.constantFrom(false, false, false, true),
  /** How far it has come: steps from its beginning or from its end. */
  at: fc.record({
    near: fc.constantFrom("begin", "begin", "end", "three quarters"),
    steps: fc.integer({ min: 0, max: 9 }),
    called: fc.boolean(),
  }),
});

const row = fc.record({
  place,
  /** How many rows follow it, each a step further. */
  more: fc.constantFrom(0, 0, 0, 2, 20),
  tenant: fc.constantFrom(1, 2),
  region: fc.constantFrom("eu", "us"),
  active: fc.constantFrom(true, true, false),
  /** Whether it goes to the child by inheritance, if there is one. */
  below: fc.boolean(),
});

const table = fc.record({
  name: fc.nat(9),
  column: fc.nat(9),
  kind: fc.constantFrom(
    "plain",
    "plain",
    "plain",
    "unlogged",
    "partitioned by list",
    "partitioned by hash",
    "partitioned twice",
    "inherited",
  ),
  type: fc.constantFrom(
    "bigint",
    "bigint",
    "bigint",
    "integer",
    "integer",
    "smallint",
    "numeric",
    "numeric(3,0)",
    "numeric(12,2)",
    "text",
    "varchar(3)",
    "char(6)",
    "double precision",
    "real",
    "domain",
    "domain of a domain",
  ),
  feed: fc.constantFrom(
    "default",
    "default",
    "default",
    "text",
    "identity by default",
    "identity always",
    "cast",
    "cast to smallint",
    "cast to numeric(3,0)",
    "cast to numeric(12,2)",
    "cast to char(6)",
    "cast to varchar(3)",
    "cast to varchar(30)",
    "changed",
    "or else",
    "domain",
    "owned",
    "owned, trigger",
    "default, trigger replaces",
    "default, trigger doubles",
    "default, trigger fills",
    "default, trigger rarely",
    "trigger",
    "function",
    "function of a string",
    "random or constant",
    "generated",
  ),
  key: fc.constantFrom(
    "primary key (c)",
    "primary key (c)",
    "primary key (c)",
    "unique (c)",
    "none",
    "index",
    "primary key (tenant, c)",
    "primary key (c, tenant)",
    "unique (region, tenant, c)",
    "unique (c, region) include (tenant)",
    "unique (c) deferrable initially deferred",
    "unique where active",
    "unique (tenant, c) where active",
    "unique expression",
    "unique expression beside",
    "unique thirds",
    "unique descending",
    "exclude (c)",
    "exclude hash (c)",
    "exclude (tenant, c)",
    "exclude ranges",
    "unique generated",
  ),
  /** Which of the sequences feeds it. */
  sequence: fc.nat(2),
  /** Whose column owns the sequence. */
  owner: fc.constantFrom("self", "self", "none", "other table"),
  /** Another column that draws from another sequence, or from the same one. */
  second: fc.constantFrom("none", "none", "none", "same", "next"),
  child: fc.constantFrom("no key", "key", "key, no default", "key, default 7", "own identity", "own sequence"),
  partition: fc.constantFrom("as its table", "as its table", "no default", "own sequence"),
  view: fc.constantFrom("none", "none", "none", "plain", "with default"),
  rowSecurity: fc.constantFrom(false, false, false, true),
  rows: fc.array(row, { maxLength: 4 }),
});

/** What a database is built from: see `statementsOf`. */
export const schemaModel = fc.record({
  name: fc.nat(9),
  sequences: fc.array(sequence, { minLength: 1, maxLength: 3 }),
  tables: fc.array(table, { minLength: 1, maxLength: 3 }),
});

type ValueOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;
export type SchemaModel = ValueOf<typeof schemaModel>;
export type SequenceModel = ValueOf<typeof sequence>;
export type TableModel = ValueOf<typeof table>;
export type Place = ValueOf<typeof place>;
