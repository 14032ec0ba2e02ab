import type { NextvalError } from "nextval";

/** A declaration that is refused, where the compiler says so, and the words that it shares with the run time. */
export interface RefusedDeclaration {
  readonly code: string;
  /** The error stands where this text is first found in the code. */
  readonly at: string;
  readonly says: string;
}

/** The words of the run time as the compiler has them. It shows one text, so the hint follows in it. */
export function inOneSentence({ message, hint }: Pick<NextvalError, "message" | "hint">): string {
  return hint === undefined
    ? message
    : `${message}; ${hint.charAt(0).toLowerCase()}${hint.slice(1).replace(/\.$/, "")}`;
}

const refused = (code: string, at: string, says: string): RefusedDeclaration => ({ code, at, says });

/** With these options in place of `...`, `order_seq` is refused at the first of them that is called `at`. */
const options = (text: string, at: string, says: string) =>
  refused(`pgSequence("order_seq", { ${text} })`, `${at}:`, `order_seq: ${says}`);

const takesInteger = (option: string) => [
  options(`${option}: 0.5`, option, `${option} must be an integer, not 0.5`),
  options(`${option}: 1e-7`, option, `${option} must be an integer, not 1e-7`),
  options(`${option}: "five"`, option, `${option} must be an integer, not five`),
  options(`${option}: ""`, option, `${option} must be an integer, not an empty string`),
  options(`${option}: " 5"`, option, `${option} must be an integer, not  5`),
  options(`${option}: "+5"`, option, `${option} must be an integer, not +5`),
  options(`${option}: "007"`, option, `${option} must be an integer, not 007`),
  options(`${option}: "0x10"`, option, `${option} must be an integer, not 0x10`),
  options(`${option}: "1_000"`, option, `${option} must be an integer, not 1_000`),
  options(`${option}: "1e3"`, option, `${option} must be an integer, not 1e3`),
  options(`${option}: "5n"`, option, `${option} must be an integer, not 5n`),
  options(`${option}: "-0"`, option, `${option} must be an integer, not -0`),
  options(`${option}: "-"`, option, `${option} must be an integer, not -`),
  options(`${option}: true`, option, `${option} must be an integer, not true`),
  options(`${option}: null`, option, `${option} must be an integer, not null`),
  options(`${option}: {}`, option, `${option} must be an integer, not an object`),
  options(`${option}: () => 5`, option, `${option} must be an integer, not a function`),
  options(
    `${option}: 9007199254740992`,
    option,
    `${option} beyond 2^53-1 must be a bigint or a string, not the number 9007199254740992, which has lost digits`,
  ),
  options(
    `${option}: -9007199254740993`,
    option,
    `${option} beyond 2^53-1 must be a bigint or a string, not the number -9007199254740992, which has lost digits`,
  ),
  options(
    `${option}: 1e21`,
    option,
    `${option} beyond 2^53-1 must be a bigint or a string, not the number 1e+21, which has lost digits`,
  ),
  options(`${option}: 9223372036854775808n`, option, `${option} 9223372036854775808 is beyond 64 bits`),
  options(`${option}: "-9223372036854775809"`, option, `${option} -9223372036854775809 is beyond 64 bits`),
  options(`${option}: "10000000000000000000"`, option, `${option} 10000000000000000000 is beyond 64 bits`),
];

const takesBoolean = (option: string) => [
  options(`${option}: "yes"`, option, `${option} must be true or false, not yes`),
  options(`${option}: 1`, option, `${option} must be true or false, not 1`),
  options(`${option}: null`, option, `${option} must be true or false, not null`),
];

const names = (label: string, code: (name: string) => string) => [
  refused(code('""'), '""', `${label} is empty`),
  refused(code('"a\\0b"'), '"a\\0b"', `${label} contains a NUL character`),
  refused(code(`"${"a".repeat(64)}"`), '"aaa', `${label} ${"a".repeat(64)} is longer than 63 bytes`),
  refused(code(`"${"é".repeat(32)}"`), '"ééé', `${label} ${"é".repeat(32)} is longer than 63 bytes`),
];

const column = (option: string, name: string) =>
  names(`order_seq: ${option}.${name}`, (value) => {
    const others = ["table", "column"].filter((each) => each !== name).map((each) => `${each}: "a"`);
    return `pgSequence("order_seq", { ${option}: { ${[...others, `${name}: ${value}`].join(", ")} } })`;
  }).map((each) => ({ ...each, at: `${name}:` }));

const OWNER = 'ownedBy: { table: "orders", column: "id" }';

const THE_OPTIONS =
  "the options are startWith, increment, minValue, maxValue, cache, cycle, as, ownedBy, " +
  "identity, feeds, blocks, unlogged, comment, mode";

/** Every rule, by what it is about. */
export const REFUSED: Readonly<Record<string, readonly RefusedDeclaration[]>> = {
  "the name": names("the sequence name", (name) => `pgSequence(${name})`),
  "the name, with options": names("the sequence name", (name) => `pgSequence(${name}, { startWith: 5 })`),
  "the name in a schema": names("the sequence name", (name) => `pgSchema("billing").sequence(${name})`),
  "the name of the schema": names("the schema name", (name) => `pgSchema(${name})`),
  startWith: takesInteger("startWith"),
  increment: [
    ...takesInteger("increment"),
    ...["0", "0n", '"0"', "-0"].map((zero) => options(`increment: ${zero}`, "increment", "increment must not be 0")),
  ],
  minValue: takesInteger("minValue"),
  maxValue: takesInteger("maxValue"),
  cache: [
    ...takesInteger("cache"),
    options("cache: 0", "cache", "cache 0 is below 1"),
    options("cache: -5n", "cache", "cache -5 is below 1"),
    options('startWith: 7, cache: "-9223372036854775808"', "cache", "cache -9223372036854775808 is below 1"),
  ],
  cycle: takesBoolean("cycle"),
  unlogged: takesBoolean("unlogged"),
  as: [
    options('as: "int"', "as", "as must be smallint, integer or bigint, not int"),
    options('as: "toString"', "as", "as must be smallint, integer or bigint, not toString"),
    options("as: 5", "as", "as must be smallint, integer or bigint, not 5"),
  ],
  mode: [
    options('mode: "date"', "mode", "mode must be number, bigint or string, not date"),
    options("mode: true", "mode", "mode must be number, bigint or string, not true"),
  ],
  comment: [
    options("comment: 5", "comment", "comment must be a string, not 5"),
    options("comment: null", "comment", "comment must be a string, not null"),
    options('comment: "a\\0b"', "comment", "comment contains a NUL character"),
  ],
  ownedBy: [
    ...column("ownedBy", "table"),
    ...column("ownedBy", "column"),
    options('ownedBy: "orders.id"', "ownedBy", "ownedBy must be an object, not orders.id"),
    options("ownedBy: null", "ownedBy", "ownedBy must be an object, not null"),
    options('ownedBy: { table: "orders" }', "ownedBy", "ownedBy must have a table and a column, and nothing else"),
    options(
      'ownedBy: { table: "orders", column: "id", schema: "billing" }',
      "ownedBy",
      "ownedBy must have a table and a column, and nothing else",
    ),
    options('ownedBy: { table: 5, column: "id" }', "table", "ownedBy.table must be a string, not 5"),
  ],
  identity: [
    options(`${OWNER}, identity: "default"`, "identity", "identity must be always or by default, not default"),
    options(`${OWNER}, identity: true`, "identity", "identity must be always or by default, not true"),
    options(`${OWNER}, identity: null`, "identity", "identity must be always or by default, not null"),
    options('identity: "always"', "identity", "identity needs ownedBy, the identity column"),
    options('identity: "by default", ownedBy: undefined', "identity", "identity needs ownedBy, the identity column"),
  ],
  feeds: [
    ...["schema", "table", "column"].flatMap((name) => column("feeds", name)),
    ...['"orders.id"', "5", "null"].map((value) =>
      options(
        `feeds: ${value}`,
        "feeds",
        `feeds must be an object or a list of objects, not ${value.replaceAll('"', "")}`,
      ),
    ),
    ...[
      '{ table: "orders" }',
      '{ table: "orders", column: "id", key: true }',
      '[{ table: "orders", column: "id" }, { column: "id" }]',
      '["orders.id"]',
    ].map((value) =>
      options(
        `feeds: ${value}`,
        "feeds",
        "feeds must have a table and a column, and may only have a schema beside them",
      ),
    ),
    options('feeds: { table: 5, column: "id" }', "table", "feeds.table must be a string, not 5"),
    options('feeds: { schema: null, table: "a", column: "id" }', "schema", "feeds.schema must be a string, not null"),
    options('feeds: [{ table: "orders", column: "" }]', "feeds", "feeds.column is empty"),
  ],
  blocks: [
    options('blocks: "up"', "blocks", "blocks must be upwards or downwards, not up"),
    options("blocks: true", "blocks", "blocks must be upwards or downwards, not true"),
  ],
  "an option that is none": [
    ...Object.entries({
      startsWith: "startWith",
      start: "startWith",
      stratWith: "startWith",
      incrementBy: "increment",
      icrement: "increment",
      min: "minValue",
      minimum: "minValue",
      mxValue: "maxValue",
      cach: "cache",
      cycles: "cycle",
      ownedby: "ownedBy",
      identitiy: "identity",
      logged: "unlogged",
      cmoment: "comment",
      code: "mode",
    }).map(([mistaken, meant]) =>
      options(`${mistaken}: 5`, mistaken, `${mistaken} is not an option; did you mean ${meant}?`),
    ),
    ...["x", "ass", "type"].map((mistaken) =>
      options(`${mistaken}: 5`, mistaken, `${mistaken} is not an option; ${THE_OPTIONS}`),
    ),
    options("strat: 5", "strat", `strat is not an option; ${THE_OPTIONS}`),
    options("startWith: 5, constructor: 5", "constructor", `constructor is not an option; ${THE_OPTIONS}`),
  ],
  "the limits of the type": [
    options('as: "smallint", maxValue: 32768', "maxValue", "maxValue 32768 is above 32767, the maximum of smallint"),
    options(
      'as: "smallint", maxValue: -32769n',
      "maxValue",
      "maxValue -32769 is below -32768, the minimum of smallint",
    ),
    options(
      'as: "smallint", minValue: "-32769"',
      "minValue",
      "minValue -32769 is below -32768, the minimum of smallint",
    ),
    options('as: "smallint", minValue: 40000', "minValue", "minValue 40000 is above 32767, the maximum of smallint"),
    options(
      'as: "integer", maxValue: 2147483648',
      "maxValue",
      "maxValue 2147483648 is above 2147483647, the maximum of integer",
    ),
    options(
      'as: "integer", minValue: -2147483649',
      "minValue",
      "minValue -2147483649 is below -2147483648, the minimum of integer",
    ),
  ],
  "minValue below maxValue": [
    options("minValue: 10, maxValue: 5", "minValue", "minValue 10 is not below maxValue 5"),
    options("maxValue: 10n, minValue: 10", "minValue", "minValue 10 is not below maxValue 10"),
    options("maxValue: 1", "maxValue", "maxValue 1 is not above minValue 1 (the default)"),
    options("startWith: -5, maxValue: -1", "maxValue", "maxValue -1 is not above minValue 1 (the default)"),
    options("minValue: 0, increment: -1", "minValue", "minValue 0 is not below maxValue -1 (the default)"),
    options('as: "smallint", minValue: 32767', "minValue", "minValue 32767 is not below maxValue 32767 (the default)"),
    options(
      'minValue: "9223372036854775807"',
      "minValue",
      "minValue 9223372036854775807 is not below maxValue 9223372036854775807 (the default)",
    ),
    options(
      'increment: -1, maxValue: "-9223372036854775808"',
      "maxValue",
      "maxValue -9223372036854775808 is not above minValue -9223372036854775808 (the default)",
    ),
  ],
  "startWith within the bounds": [
    options("startWith: 5, minValue: 100", "startWith", "startWith 5 is below minValue 100"),
    options("startWith: 99, minValue: 100, maxValue: 200", "startWith", "startWith 99 is below minValue 100"),
    options("startWith: 201, minValue: 100, maxValue: 200", "startWith", "startWith 201 is above maxValue 200"),
    options("startWith: 0", "startWith", "startWith 0 is below minValue 1 (the default)"),
    options('startWith: "-1"', "startWith", "startWith -1 is below minValue 1 (the default)"),
    options("startWith: 11n, maxValue: 10", "startWith", "startWith 11 is above maxValue 10"),
    options("startWith: 0, increment: -1", "startWith", "startWith 0 is above maxValue -1 (the default)"),
    options('startWith: 32768, as: "smallint"', "startWith", "startWith 32768 is above maxValue 32767 (the default)"),
    refused(
      'pgSchema("billing").sequence("invoice_seq", { startWith: 0 })',
      "startWith:",
      "billing.invoice_seq: startWith 0 is below minValue 1 (the default)",
    ),
  ],
  'mode: "number" within 2^53-1': [
    options(
      'mode: "number"',
      "mode",
      "mode number cannot hold maxValue 9223372036854775807 (the default), which is beyond 2^53-1",
    ),
    options(
      'mode: "number", increment: -1',
      "mode",
      "mode number cannot hold minValue -9223372036854775808 (the default), which is beyond 2^53-1",
    ),
    options(
      'mode: "number", maxValue: "9007199254740992"',
      "mode",
      "mode number cannot hold maxValue 9007199254740992, which is beyond 2^53-1",
    ),
    options(
      'mode: "number", maxValue: 5, minValue: "-9007199254740992"',
      "mode",
      "mode number cannot hold minValue -9007199254740992, which is beyond 2^53-1",
    ),
  ],
};

/** Declarations that neither the compiler nor the run time refuses. */
export const ACCEPTED: readonly string[] = [
  'pgSequence("name")',
  'pgSequence("name", {})',
  'pgSequence("name", undefined)',
  'pgSequence("name", { startWith: 100, maxValue: 10000, minValue: 100, cycle: true, cache: 10, increment: 2 })',
  "pgSchema('custom_schema').sequence(\"name\")",
  `pgSequence("${"a".repeat(63)}")`,
  `pgSequence("${"é".repeat(31)}a")`,
  'pgSequence("name", { startWith: undefined, minValue: undefined, as: undefined, cycle: undefined, mode: undefined })',
  'pgSequence("name", { minValue: 0, startWith: 0 })',
  'pgSequence("name", { minValue: -0, startWith: 5 })',
  'pgSequence("name", { increment: -1, startWith: -1 })',
  'pgSequence("name", { increment: 100000, as: "smallint" })',
  'pgSequence("name", { increment: "-9223372036854775808", cache: 9223372036854775807n })',
  'pgSequence("name", { minValue: -9223372036854775808n, maxValue: "9223372036854775807", startWith: 0 })',
  'pgSequence("name", { maxValue: 9007199254740991, mode: "number" })',
  'pgSequence("name", { minValue: -9007199254740991, increment: -1, mode: "number" })',
  'pgSequence("name", { as: "integer", mode: "number" })',
  'pgSequence("name", { as: "smallint", mode: "string", minValue: -32768, maxValue: 32767 })',
  'pgSequence("name", { maxValue: 1e15, startWith: 1e3 })',
  'pgSequence("name", { identity: "always", ownedBy: { table: "orders", column: "id" } })',
  'pgSequence("name", { as: "integer", identity: "by default", ownedBy: { table: "orders", column: ' +
    '"id" }, maxValue: 9e8 })',
  'pgSequence("name", { identity: undefined })',
  'pgSequence("name", { feeds: { table: "orders", column: "id" }, blocks: "upwards", increment: 100 })',
  'pgSequence("name", { feeds: { schema: "billing", table: "orders", column: "id" } })',
  'pgSequence("name", { feeds: { schema: undefined, table: "orders", column: "id" } })',
  'pgSequence("name", { feeds: [{ table: "orders", column: "id" }, { schema: "a", table: "b", column: "c" }] })',
  'pgSequence("name", { feeds: [], blocks: undefined })',
  'pgSequence("name", { unlogged: true, comment: "", ownedBy: { table: "orders", column: "id" } })',
];
