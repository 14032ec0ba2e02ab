import {
  addIdentity,
  alterIdentity,
  alterSequence,
  bind,
  createSchema,
  createSequence,
  dropSequence,
  generatedAsIdentity,
  type IdentityChanges,
  NextvalError,
  setSequenceLogged,
  setSequenceOwnedBy,
  pgSchema,
  pgSequence,
  type SequenceOptions,
  sql,
} from "nextval";
import { gaplessCounter, stride } from "nextval/allocate";
import { pullDeclarations } from "nextval/catalog";
import { toPrometheus } from "nextval/operate";
import postgres from "postgres";
import { afterEach, describe, expect, test } from "vitest";
import { BoundedMap } from "../../lib/sql/bounded-map.js";

const seq = pgSequence("s");
const EVIL = "5; drop table t";
const prototype = Object.prototype as unknown as Record<string | symbol, unknown>;

/** Returns `good` for the first reads, and `evil` from then on. */
function changing<Good>(good: Good, readings: number): { readonly value: Good; readonly read: () => number } {
  let count = 0;
  return {
    get value() {
      return ++count <= readings ? good : (EVIL as Good);
    },
    read: () => count,
  };
}

/** Everything that makes SQL of options. */
const MAKERS: Readonly<Record<string, (options: SequenceOptions) => unknown>> = {
  alterSequence: (options) => alterSequence(seq, options).text,
  alterIdentity: (options) => alterIdentity({ table: "t", column: "c" }, options as IdentityChanges).text,
  addIdentity: (options) => addIdentity({ table: "t", column: "c" }, "always", options).text,
  identity: (options) => generatedAsIdentity("always", options).text,
  pgSequence: (options) => createSequence(pgSequence("s", options as {})).text,
  "pgSchema.sequence": (options) => createSequence(pgSchema("a").sequence("s", options as {})).text,
  "a sequence by hand": (options) => {
    const PgSequence = seq.constructor as new (name: string, options: object, schema: undefined) => typeof seq;
    return createSequence(new PgSequence("s", options, undefined)).text;
  },
};

describe.each(Object.entries(MAKERS))("%s", (_name, make) => {
  test.each(["maxValue", "startWith", "cache", "increment", "minValue"] as const)("reads %s once", (option) => {
    for (let readings = 0; readings < 8; readings++) {
      const given = changing(option === "minValue" ? 0n : 5n, readings);
      const options = Object.defineProperty({}, option, { enumerable: true, get: () => given.value });
      const proxy = new Proxy({ [option]: 5n }, { get: () => given.value });
      for (const each of [options, proxy]) {
        let text = "";
        try {
          text = String(make(each));
        } catch (error) {
          expect(error).toBeInstanceOf(NextvalError);
        }
        expect(text).not.toContain("drop");
      }
      expect(given.read()).toBe(2);
    }
  });

  test("ignores options on Object.prototype", () => {
    const clean = make({ startWith: 3 });
    prototype["maxValue"] = EVIL;
    prototype["cycle"] = true;
    prototype["unlogged"] = true;
    expect(make({ startWith: 3 })).toBe(clean);
  });
});

afterEach(() => {
  for (const name of [
    "maxValue",
    "cycle",
    "unlogged",
    "cascade",
    "ifExists",
    "ifNotExists",
    "temporary",
    "ownedBy",
    "polluted",
  ]) {
    delete prototype[name];
  }
});

test("flags on Object.prototype are ignored", () => {
  for (const name of ["cascade", "ifExists", "ifNotExists", "temporary"]) prototype[name] = true;
  prototype["ownedBy"] = { table: "t", column: "c" };
  expect(dropSequence(seq).text).toBe('drop sequence "s"');
  expect(createSequence(seq).text).toBe('create sequence "s"');
  expect(createSchema("a").text).toBe('create schema "a"');
  expect(() => setSequenceOwnedBy(seq)).toThrow("none is declared as ownedBy");
});

test("a sequence or schema from its constructor is checked like any other", () => {
  const PgSequence = seq.constructor as new (...given: unknown[]) => typeof seq;
  const PgSchema = pgSchema("a").constructor as new (...given: unknown[]) => ReturnType<typeof pgSchema>;
  expect(() => new PgSequence("x", { maxValue: EVIL }, undefined)).toThrow(
    `x: maxValue must be an integer, not ${EVIL}`,
  );
  expect(() => new PgSequence("", {}, undefined)).toThrow("the sequence name is empty");
  expect(() => new PgSequence("x", {}, "a\0")).toThrow("the schema name contains a NUL character");
  expect(() => new PgSchema("k".repeat(64))).toThrow("is longer than 63 bytes");
});

describe("rows", () => {
  const inserted = (...given: Parameters<typeof sql.insert>) =>
    JSON.parse(JSON.stringify(sql.insert(...given))) as object;

  test("only have their own keys, whatever is on Object.prototype", () => {
    prototype["polluted"] = "x";
    expect(inserted([{ a: 1 }, { a: 2 }])).toEqual({ text: '("a") values ($1), ($2)', values: [1, 2] });
    expect(() => sql.insert([{ a: 1 }, { a: 2 }], { columns: ["a", "polluted" as "a"] })).toThrow(
      'row 1 of sql.insert, column "polluted" is undefined',
    );
    expect(() => sql.insert([{ polluted: 1 }, {} as { polluted: 1 }])).toThrow(
      'row 2 of sql.insert, column "polluted" is undefined',
    );
    expect(JSON.parse(JSON.stringify(sql.set({ a: 1 })))).toEqual({ text: '"a" = $1', values: [1] });
  });

  test.each(["__proto__", "toString", "constructor"])("that lack a key %s of an earlier row are refused", (key) => {
    const first = JSON.parse(`{"a":1,"${key}":2}`) as { a: number };
    expect(() => sql.insert([first, { a: 3 }])).toThrow(`row 2 of sql.insert, column "${key}" is undefined`);
    expect(inserted([first, first])).toEqual({
      text: `("a", "${key}") values ($1, $2), ($3, $4)`,
      values: [1, 2, 1, 2],
    });
  });

  test("are read once: a proxy changes neither the columns nor how many values there are", () => {
    let keys = 0;
    const row = () =>
      new Proxy({} as Record<string, string>, {
        ownKeys: () => (++keys % 2 === 1 ? ['a"b'] : ["c", "d"]),
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
        get: (_target, key) => (typeof key === "string" ? "v" : undefined),
      });
    expect(JSON.parse(JSON.stringify(sql.set(row())))).toEqual({ text: '"a""b" = $1', values: ["v"] });
    keys = 0;
    expect(inserted(row())).toEqual({ text: '("a""b") values ($1)', values: ["v"] });
    let length = 3;
    const rows = new Proxy([{ a: 1 }, { a: 2 }, { a: 3 }], {
      get: (target, key) => (key === "length" ? length-- : Reflect.get(target, key)),
    });
    const { text, values } = sql.insert(rows);
    expect(values).toHaveLength(text.split("$").length - 1);
    expect(values).not.toContain(undefined);
  });
});

test("a long list of columns is not kept in memory", () => {
  const map = new BoundedMap<string, object>(2);
  const entryOf = (length: number) => map.getOrMake("x".repeat(length), () => ({}));
  expect(entryOf(10_000)).toBe(entryOf(10_000));
  expect(entryOf(10_001)).not.toBe(entryOf(10_001));
  const row = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`column_${at}`, at]));
  for (let time = 0; time < 2; time++) {
    expect(sql.set(row).values).toHaveLength(2000);
    expect(sql.insert(row).values).toHaveLength(2000);
  }
});

test.each<[string, (nothing: never) => unknown]>([
  ["setSequenceLogged", (nothing) => setSequenceLogged(seq, nothing)],
  ["toPrometheus only", (only) => toPrometheus(null, { only })],
  ["toPrometheus top", (top) => toPrometheus(null, { top })],
  ["pullDeclarations", (identity) => pullDeclarations({ sequences: [] } as never, { identity })],
  ["gaplessCounter", (startWith) => gaplessCounter("invoice", { startWith })],
  ["stride nodes", (nodes) => stride(seq, { nodes, node: 0 })],
  ["stride node", (node) => stride(seq, { nodes: 2, node })],
  ["bind", (waitTimeout) => bind(postgres(), { waitTimeout })],
])("%s refuses an object without a prototype in a sentence", (_name, give) => {
  expect(() => give(Object.create(null) as never)).toThrow(/, not an object$/);
});
