import * as fc from "fast-check";
import { type AnySequence, pgSchema, type SequenceOptions } from "nextval";
import type { DatabaseState } from "nextval/catalog";

/** The context of `{s}` and `{t}`: how a column of a table gets its values from a sequence. */
const WAYS = {
  default: "create table {t} (n text, id {type} {key} default nextval('{s}'))",
  "late-bound default": "create table {t} (n text, id {type} {key} default nextval('{s}'::text))",
  "default with a cast": "create table {t} (n text, id {type} {key} default nextval('{s}')::int4)",
  "two defaults":
    "create table {t} (n text, id {type} {key} default nextval('{s}'), other bigint default nextval('{s}'))",
  domain: "create domain {t}_id as {type} default nextval('{s}'); create table {t} (n text, id {t}_id {key})",
  "late-bound domain":
    "create domain {t}_id as {type} default nextval('{s}'::text); create table {t} (n text, id {t}_id {key})",
  function: `create function {t}_next() returns bigint begin atomic select nextval('{s}'); end;
    create table {t} (n text, id {type} {key} default {t}_next())`,
  "late-bound function": `create function {t}_next() returns bigint begin atomic select nextval('{s}'::text); end;
    create table {t} (n text, id {type} {key} default {t}_next())`,
  view: `create table {t}_base (n text, id {type} {key}); create view {t} as select id, n from {t}_base;
    alter view {t} alter id set default nextval('{s}')`,
  rule: `create table {t}_base (n text, id {type} {key});
    create view {t} as select id, n from {t}_base where id is not null;
    create rule {t}_new as on insert to {t} do instead insert into {t}_base values (new.n, nextval('{s}')) returning id,
      n`,
  "late-bound rule": `create table {t}_base (n text, id {type} {key});
    create view {t} as select id, n from {t}_base where id is not null;
    create rule {t}_new as on insert to {t} do instead insert into {t}_base values (new.n, nextval('{s}'::text))
      returning id, n`,
  "part of a key": `create table {t} (n text, id {type} {key} default nextval('{s}'), tenant int default 1,
    unique (tenant, id))`,
  "unique expression": `create table {t} (n text, id {type} default nextval('{s}'));
    create unique index on {t} ((id + 1))`,
  "exclusion constraint":
    "create table {t} (n text, id {type} default nextval('{s}'), exclude using btree (n with =, id with =))",
  "check constraint": "create table {t} (n text, id {type} {key} default nextval('{s}') check (id < 8))",
  "range partitions": `create table {t} (n text, id {type} {key} default nextval('{s}')) partition by range (id);
    create table {t}_part partition of {t} for values from (-9) to (8)`,
  "foreign key": `create table {t}_other (id {type} primary key); insert into {t}_other select generate_series(-9, 8);
    create table {t} (n text, id {type} {key} default nextval('{s}') references {t}_other)`,
  "default with a narrow cast": "create table {t} (n text, id {type} {key} default nextval('{s}')::numeric(1,0))",
  "length of a type": "create table {t} (n text, id varchar(1) {key} default nextval('{s}'))",
  "generated column":
    "create table {t} (n text, id {type} {key} default nextval('{s}'), " +
    "small numeric(1,0) generated always as (id) stored)",
  "generated key":
    "create table {t} (n text, id {type} default nextval('{s}'), " +
    "code numeric generated always as (id + 1) stored unique)",
  partition: `create table {t}_part (n text, id {type} {key});
    create table {t} (n text, id {type} default nextval('{s}')) partition by list (n);
    alter table {t} attach partition {t}_part default`,
  "owned only": "create table {t} (n text, id {type} {key}); alter sequence {s} owned by {t}.id",
} as const;

const range = fc.record({
  as: fc.constantFrom("integer", "bigint", "smallint"),
  increment: fc.constantFrom(1, 1, 1, 2, -1, -3),
  least: fc.constantFrom(1, 1, 0, -5),
  size: fc.constantFrom(3, 5, 12, 20_000),
  cycle: fc.boolean(),
  cache: fc.constantFrom(1, 1, 1, 3),
});

function rarely<const Value>(...values: readonly Value[]): fc.Arbitrary<Value | undefined> {
  return fc.oneof(
    { weight: 7, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
}

/** The changes of a sequence. Each number moves something by that much. */
const wish = fc.record({
  greatest: fc.constantFrom(0, 0, 0, -2, -1, 1, 7),
  least: fc.constantFrom(0, 0, 0, 1, 2, -1, -3),
  /** A bound where the sequence stands, or so much from there. */
  end: fc.constantFrom(undefined, undefined, 0, 1, 2, 3),
  cycle: fc.constantFrom(undefined, undefined, true, false),
  cache: rarely(1, 4),
  increment: rarely(1, -1, 2),
  as: rarely("bigint", "integer", "smallint"),
  startWith: fc.constantFrom(undefined, undefined, 1, 3),
  comment: fc.constantFrom(undefined, "changed"),
});

/** Ways that reckon with the column. */
const FOR_NUMBERS: ReadonlySet<keyof typeof WAYS> = new Set([
  "unique expression",
  "check constraint",
  "range partitions",
  "generated column",
  "generated key",
]);

export const pair = fc.record({
  way: fc.constantFrom(...(Object.keys(WAYS) as (keyof typeof WAYS)[])),
  type: fc.constantFrom("int", "bigint", "numeric", "smallint", "numeric(3,0)", "text", "varchar(2)", "real"),
  key: fc.constantFrom("primary key", "unique", ""),
  before: range,
  wish,
  rows: fc.nat(4),
  position: fc.constantFrom("drawn", "drawn", "end", "before the end", "restarted"),
  deleted: fc.constantFrom("none", "none", "all", "some"),
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant("alter" as const) },
    { weight: 3, arbitrary: fc.constantFrom("rename", "rename", "create", "swap") },
  ),
});
export type Pair = typeof pair extends fc.Arbitrary<infer Value> ? Value : never;

export const sequenceOf = (number: number) => `s_${number}`;
const tableOf = (number: number) => `t_${number}`;

export function setUp({ way, type: wanted, key, before, kind }: Pair, number: number): string {
  const type = FOR_NUMBERS.has(way) && /^(text|varchar)/.test(wanted) ? "bigint" : wanted;
  const { as, increment, least, size, cycle, cache } = before;
  const [s, t] = [sequenceOf(number), tableOf(number)];
  if (kind === "create") return `create table ${t} (n text, id ${type} ${key})`;
  const create = `create sequence ${s} as ${as} increment ${increment} minvalue ${least} maxvalue ${least + size} cache
    ${cache} ${cycle ? "cycle" : ""}`;
  const column = WAYS[way]
    .replaceAll("{s}", s)
    .replaceAll("{t}", t)
    .replaceAll("{type}", type)
    .replaceAll("{key}", key);
  return [create, column, ...(kind === "swap" ? [`create sequence ${s}_other`] : [])].join(";");
}

export function insertFor({ way, kind }: Pair, number: number): string {
  const [s, t] = [sequenceOf(number), tableOf(number)];
  const own = kind === "create" || way === "owned only";
  return own
    ? `insert into ${t} (n, id) values ('x', nextval('${s}')) returning id`
    : `insert into ${t} (n) values ('x') returning id`;
}

/** Moves a sequence to where it gets interesting, and deletes rows. */
export function arrange({ before, position, deleted, kind, rows }: Pair, number: number): string {
  const [s, t] = [sequenceOf(number), tableOf(number)];
  const { increment, least, size } = before;
  if (kind === "create") return rows > 0 ? `insert into ${t} select 'x', generate_series(1, ${rows})` : "select 1";
  const steps = Math.floor(size / Math.abs(increment)) - (position === "end" ? 0 : 1);
  const end = (increment > 0 ? least : least + size) + steps * increment;
  const statements = [
    ...(position === "restarted" ? [`alter sequence ${s} restart`] : []),
    ...(position === "drawn" || position === "restarted" ? [] : [`select setval('${s}', ${end})`]),
    ...(deleted === "none" ? [] : [`delete from ${t} where ${deleted === "all" ? "true" : "mod(id::int, 2) = 0"}`]),
  ];
  return statements.length === 0 ? "select 1" : statements.join(";");
}

export function wishFor({ before, wish: wanted, kind }: Pair, number: number, state: DatabaseState) {
  const [s, t] = [sequenceOf(number), tableOf(number)];
  const declare = (name: string, options: SequenceOptions) =>
    pgSchema("p").sequence(name, options as never) as AnySequence;
  if (kind === "create") {
    return {
      declared: [declare(s, { ownedBy: { table: t, column: "id" }, maxValue: 100, cycle: before.cycle })],
      renames: {},
    };
  }
  const found = state.sequences.find(({ seqName }) => seqName === s)!;
  const { ownedBy, identity: _identity, comment: _comment, ...kept } = found.options;
  const last = found.lastValue ?? 0n;
  const descends = kept.increment < 0n;
  const end = wanted.end === undefined ? undefined : last + BigInt(wanted.end) * kept.increment;
  const minValue = (descends ? end : undefined) ?? kept.minValue + BigInt(wanted.least);
  const maxValue = (descends ? undefined : end) ?? kept.maxValue + BigInt(wanted.greatest);
  const change = { cycle: wanted.cycle, cache: wanted.cache, increment: wanted.increment, as: wanted.as };
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const options = {
    ...kept,
    ...given,
    minValue,
    maxValue,
    startWith: clamp(BigInt(wanted.startWith ?? kept.startWith), minValue, maxValue),
    comment: wanted.comment,
    ownedBy: ownedBy ?? undefined,
  } as SequenceOptions;
  const name = kind === "rename" ? `${s}_renamed` : s;
  const declared = fits(() => declare(name, options))
    ? declare(name, options)
    : declare(name, { ...kept, ownedBy: ownedBy ?? undefined } as SequenceOptions);
  if (kind === "rename") return { declared: [declared], renames: { [`p.${s}`]: `p.${name}` } };
  if (kind === "alter") return { declared: [declared], renames: {} };
  const other = `${s}_other`;
  return {
    declared: [declare(other, { ...kept, ownedBy: ownedBy ?? undefined } as SequenceOptions), declare(s, {})],
    renames: { [`p.${s}`]: `p.${other}`, [`p.${other}`]: `p.${s}` },
  };
}

function clamp(value: bigint, least: bigint, greatest: bigint): bigint {
  return value < least ? least : value > greatest ? greatest : value;
}

function fits(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}

export function isKey({ key, way }: Pair): boolean {
  return key !== "" || ["part of a key", "unique expression", "exclusion constraint", "generated key"].includes(way);
}
