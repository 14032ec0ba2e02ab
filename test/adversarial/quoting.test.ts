import * as fc from "fast-check";
import { bind, createSchema, createSequence, pgSchema, sql } from "nextval";
import type postgres from "postgres";
import { expect } from "vitest";
import { attack } from "../support/attacks/attack.js";
import { useDatabase } from "../support/database.js";

const database = useDatabase();

/** How many cases of each property and setting there are in a round. */
const TEXTS = 25;

/**
 * Text that has broken quoting somewhere: quotes, escapes, ends of comments and strings, odd white space, other
 * scripts.
 */
const SUSPECTS = [
  ..."'\"\\$;-*/%_.,:&|()[]{}?@#!`~^<>= \t\n\r\v\f",
  ..."\u0001\u001b\u007f\u0085\u00a0\u00ad\u200b\u200f\u2028\u202e\ufeff\ufffd\uffff",
  ..."aZ09éßİıŁя漢ｶא‎ع😀🧾\u{10ffff}",
  "''",
  "\\'",
  '""',
  "--",
  "/*",
  "*/",
  "$$",
  "$1",
  "$a$",
  "E'",
  "U&",
  "\\x27",
  "\\047",
  "\\u0027",
  "select",
  "👩‍👩‍👧",
  "e\u0301",
];

/** Text that PostgreSQL can store: any Unicode but NUL, and never half a pair. */
const suspect = fc.constantFrom(...SUSPECTS);
const anything = fc.string({ unit: "binary", minLength: 1, maxLength: 1 }).filter((character) => character !== "\0");
const quotes = fc.constantFrom("'", '"', "\\", "'", "\\", "a");
const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: fc.oneof(suspect, anything), size: "medium" }) },
  fc.string({ unit: quotes, size: "medium" }),
);
const name = text.map(cut).filter((each) => each !== "");

/** As much of a text as PostgreSQL keeps of a name. */
function cut(whole: string): string {
  let kept = "";
  for (const character of whole) {
    if (Buffer.byteLength(kept + character) > 63) break;
    kept += character;
  }
  return kept;
}

/** Uses the protocol that accepts several statements, so text that escapes from its quotes can do harm. */
async function read(client: postgres.Sql, statement: string): Promise<{ name: string | undefined; values: unknown[] }> {
  const rows = await client.unsafe(statement).simple().values();
  return { name: rows.columns?.[0]?.name, values: rows.flat() };
}

/** Properties that must hold for any name or text. */
type Property = (client: postgres.Sql, check: Check) => Promise<void>;
type Check = <Given>(given: fc.Arbitrary<Given>, holds: (given: Given) => Promise<void>) => Promise<void>;

const PROPERTIES: Readonly<Record<string, Property>> = {
  "sql.identifier gives a name back as it was, and means what quote_ident means": async (client, check) => {
    await check(name, async (given) => {
      const ours = sql.identifier(given).text;
      const [server] = await client`select quote_ident(${given}) as quoted, parse_ident(${ours}) as parsed`;
      expect(server?.["parsed"]).toEqual([given]);
      expect(await read(client, `select ${ours} from (select 7 as ${server?.["quoted"]}) as t`)).toEqual({
        name: given,
        values: [7],
      });
    });
  },

  "sql.identifier qualifies by several names, each as it was": async (client, check) => {
    await check(fc.array(name, { minLength: 2, maxLength: 4 }), async (given) => {
      const [first, ...further] = given as [string, ...string[]];
      const [server] = await client`select parse_ident(${sql.identifier(first, ...further).text}) as parsed`;
      expect(server?.["parsed"]).toEqual(given);
    });
  },

  "sql.literal gives a string back as it was, and means what quote_literal means": async (client, check) => {
    await check(text, async (given) => {
      const ours = sql.literal(given).text;
      const [server] = await client`select quote_literal(${given}) as quoted`;
      const { values } = await read(client, `select ${ours}, ${server?.["quoted"]}, ${ours} = ${server?.["quoted"]}`);
      expect(values).toEqual([given, given, true]);
    });
  },

  "sql.literal can stand behind anything: a word, a minus, a comma, itself": async (client, check) => {
    await check(fc.array(text, { minLength: 2, maxLength: 6 }), async (given) => {
      const list = sql.join(
        given.map((each) => sql`upper(${sql.literal(each)})is not null, -${sql.literal(-7)}, ${sql.literal(each)}`),
      );
      const { values } = await read(client, sql`select ${list}`.text);
      expect(values).toEqual(given.flatMap((each) => [true, 7, each]));
    });
  },

  "sql.literal gives numbers and bytes back as they were": async (client, check) => {
    // Minus zero is written as 0.
    const number = fc.double().map((each) => each + 0);
    const whole = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    await check(fc.tuple(number, whole, fc.uint8Array()), async ([float, integer, bytes]) => {
      const [one, two, three] = [float, integer, bytes].map((each) => sql.literal(each).text);
      const { values } = await read(client, `select (${one})::float8, (${two})::int8, encode(${three}, 'hex')`);
      expect([Number(values[0]), BigInt(values[1] as string)]).toEqual([float, integer]);
      expect(values[2]).toBe(Buffer.from(bytes).toString("hex"));
    });
  },

  "a sequence is made, found and drawn from under its very name, in a schema of any name": async (client, check) => {
    const db = bind(client);
    // Names with this prefix are the server's own.
    const schemaName = name.filter(
      (each) => !each.startsWith("pg_") && !["public", "information_schema"].includes(each),
    );
    await check(fc.tuple(schemaName, name), async ([schema, sequence]) => {
      const seq = pgSchema(schema).sequence(sequence, { startWith: 5 });
      await client.unsafe("begin");
      try {
        await client.unsafe(`${createSchema(schema).text}; ${createSequence(seq).text}`).simple();
        expect(await db.nextval(seq)).toBe(5n);
        expect(await db.setval(seq, 8n)).toBe(8n);
        const rows = await db`select pg_sequences.*, t.last_value as value from pg_sequences, ${seq} t
            where schemaname = ${schema}`;
        expect(rows).toMatchObject([{ schemaname: schema, sequencename: sequence, value: 8n, start_value: 5n }]);
      } finally {
        await client.unsafe("rollback");
      }
    });
  },
};

attack("quoting: the server reads names and texts as they were given", async ({ seed, count }) => {
  for (const setting of ["on", "off"]) {
    const client = database.connect({
      max: 1,
      connection: { standard_conforming_strings: setting, escape_string_warning: "off" },
    });
    expect(await client`show standard_conforming_strings`).toEqual([{ standard_conforming_strings: setting }]);
    for (const [name, property] of Object.entries(PROPERTIES)) {
      await property(client, async (given, holds) => {
        await fc.assert(fc.asyncProperty(given, holds), { numRuns: TEXTS, seed });
        count("texts and names", TEXTS);
      }).catch((error: Error) => {
        throw new Error(`standard_conforming_strings ${setting}: ${name}: ${error.message}`, { cause: error });
      });
    }
    await client.end({ timeout: 1 });
  }
});
