import { bind, type Splice, type Sql, sql } from "nextval";
import { expect } from "vitest";
import { attack } from "../support/attacks/attack.js";
import type { Random } from "../support/attacks/random.js";
import { useDatabase } from "../support/database.js";

const STATEMENTS = 60;

const database = useDatabase();

/** SQL for one value of type text, with its parameters, and the value that the server has to return. */
interface Expression {
  readonly parts: readonly (string | { readonly parameter: string })[];
  readonly value: string;
  /** A position in the first part that is quoted. */
  readonly inside?: number;
}

/** Text that opens or closes quotes and comments, or is a placeholder, if it is not quoted itself. */
const SUSPECTS = [
  ..."'\"\\$;-*/:<>()[]{}`ae1_ \t\n\r\f",
  ..."é漢😀\u2028",
  "''",
  '""',
  "--",
  "/*",
  "*/",
  "$$",
  "$a$",
  "$1",
  "$<h0>",
  "$<",
  "E'",
  "U&'",
  "${0}",
  "\\'",
  "\\x27",
];

function anything(random: Random, most = 6): string {
  return Array.from({ length: random.between(0, most) }, () => random.pick(SUSPECTS)).join("");
}

const doubled = (text: string, quote: string) => text.replaceAll(quote, quote + quote);

/** White space and comments, with a line break among them if needed. */
function gap(random: Random, hasLineEnd = random.chance(0.5)): string {
  const line = () => `--${anything(random).replaceAll(/[\n\r]/g, "")}${random.pick(["\n", "\r", "\r\n"])}`;
  const blanks = () => random.pick(["", " ", "\t", "\f", " \t "]);
  if (hasLineEnd) return blanks() + random.pick(["\n", "\r", line()]) + blanks() + random.pick(["", "\n", line()]);
  const block = (depth: number): string => {
    // A star or slash at its ends would join its own marks.
    const body = anything(random).replaceAll(/[*/]/g, "");
    return `/* ${body} ${depth > 0 && random.chance(0.4) ? block(depth - 1) : ""} ${body} */`;
  };
  return blanks() + random.pick(["", block(2)]) + blanks();
}

/** An escape string with its value. */
function escaped(random: Random): { text: string; value: string } {
  const pieces = Array.from({ length: random.between(0, 8) }, (): readonly [string, string] => {
    const plain = random.pick(SUSPECTS).replaceAll(/['\\]/g, "");
    const one = random.pick([..."abc\"$-'\\"]);
    const letter = "bfnrt".includes(one) || /[\dxuU]/.test(one);
    return random.pick([
      [plain, plain],
      ["''", "'"],
      ["\\'", "'"],
      ["\\\\", "\\"],
      ["\\n", "\n"],
      ["\\x27", "'"],
      ["\\047", "'"],
      ["\\u0027", "'"],
      ["\\U0001F600", "😀"],
      letter ? ["-", "-"] : [`\\${one}`, one],
    ] as const);
  });
  return { text: pieces.map(([text]) => text).join(""), value: pieces.map(([, value]) => value).join("") };
}

const EXPRESSIONS: readonly ((random: Random, hole: () => string) => Expression)[] = [
  // A string.
  (random) => {
    const value = anything(random);
    return { parts: [`'${doubled(value, "'")}'`], value, inside: 1 };
  },
  // A string that continues on another line.
  (random) => {
    const [first, second] = [anything(random), anything(random)];
    return {
      parts: [`'${doubled(first, "'")}'${gap(random, true)}'${doubled(second, "'")}'`],
      value: first + second,
      inside: 1,
    };
  },
  // An escape string whose second half is also one.
  (random) => {
    const [first, second] = [escaped(random), escaped(random)];
    const further = random.chance(0.5);
    return {
      parts: [`${random.pick(["E", "e"])}'${first.text}'${further ? `${gap(random, true)}'${second.text}'` : ""}`],
      value: first.value + (further ? second.value : ""),
      inside: 2,
    };
  },
  // A dollar-quoted string.
  (random) => {
    const mark = `$${random.pick(["", "a", "_1", "é", "E", "select"])}$`;
    const value = anything(random, 10).replaceAll("$", mark === "$$" ? "" : "$");
    if (`${value}$`.includes(mark)) return { parts: ["'x'"], value: "x" };
    return { parts: [`${mark}${value}${mark}`], value, inside: mark.length };
  },
  // Words that end in the letter of an escape string.
  (random) => {
    const value = `${anything(random)}\\`;
    return { parts: [`(name'${doubled(value, "'")}')::text`], value, inside: 6 };
  },
  () => ({ parts: ["(select case when 'a\\' like'a\\\\' then 'yes' end)"], value: "yes" }),
  // A quoted name.
  (random) => {
    const name = `n${anything(random)}`;
    const value = anything(random);
    const quoted = `"${doubled(name, '"')}"`;
    return {
      parts: [`(select ${quoted} from (select '${doubled(value, "'")}'::text as ${quoted}) as t)`],
      value,
      inside: 9,
    };
  },
  // Names with dollars.
  () => ({ parts: ["(select a$b$c || é$$ from (values ('x', 'y')) as t (a$b$c, é$$))"], value: "xy" }),
  () => ({ parts: ["(select case when a$<10 then 'less' end from (values (5)) as t (a$))"], value: "less" }),
  // Signs that begin a comment only together.
  () => ({ parts: ["(8 - - 4 * + 2 / - 1)::text"], value: "0" }),
  // Parameters.
  (random, hole) => {
    const value = anything(random);
    return { parts: [hole(), { parameter: value }, "::text"], value };
  },
  (random, hole) => {
    const [first, second] = [anything(random), anything(random)];
    return {
      parts: [`${hole()}concat(`, { parameter: first }, "::text,", { parameter: second }, "::text)"],
      value: first + second,
    };
  },
];

/** A select list of expressions with odd names, and gaps everywhere that the server allows them. */
function makeSelect(random: Random): { parts: Expression["parts"]; row: Record<string, string> } {
  const row: Record<string, string> = {};
  const parts: Expression["parts"][number][] = [`select${gap(random)} `];
  const columns = random.between(1, 6);
  for (let column = 1; column <= columns; column++) {
    const name = `${column}${anything(random)}`;
    let value = "";
    for (let terms = random.between(1, 3); terms > 0; terms--) {
      const expression = random.pick(EXPRESSIONS)(random, () => gap(random));
      parts.push(gap(random), ...expression.parts, gap(random), terms > 1 ? "||" : "");
      value += expression.value;
    }
    parts.push(` as${gap(random)}"${doubled(name, '"')}"`, gap(random), column < columns ? "," : "");
    row[name] = value;
  }
  return { parts, row };
}

/** Joins adjacent texts, so there is one before and one after each parameter. */
function piecesOf(parts: Expression["parts"]): { texts: string[]; parameters: string[] } {
  const texts = [""];
  const parameters: string[] = [];
  for (const part of parts) {
    if (typeof part === "string") texts[texts.length - 1] += part;
    else {
      parameters.push(part.parameter);
      texts.push("");
    }
  }
  return { texts, parameters };
}

/** Makes the fragment as a program does that has the SQL in a template. */
function template(texts: readonly string[], parameters: readonly Splice[]): Sql {
  const source = texts.map((text) => text.replaceAll(/[\\`]|\$(?=\{)/g, "\\$&").replaceAll("\r", "\\r"));
  const body = source.reduce((before, after, index) => `${before}\${parameters[${index - 1}]}${after}`);
  return new Function("sql", "parameters", `return sql\`${body}\`;`)(sql, parameters) as Sql;
}

/** Makes the fragment as a program does that reads the SQL from a file. */
function file(texts: readonly string[], parameters: readonly Splice[]): Sql {
  const bindings = Object.fromEntries(parameters.map((value, index) => [`h${index}`, value]));
  return sql
    .named({ h0: "never", ...bindings })
    .parse(texts.reduce((before, after, index) => `${before}$<h${index - 1}>${after}`));
}

attack("lexer: the server reads a template as we do, and nothing enters what is quoted", async ({ random, count }) => {
  // Every statement is prepared, so the connection is not kept.
  const client = database.connect({ max: 1 });
  const db = bind(client);
  for (let statements = 0; statements < STATEMENTS; statements++) {
    const { parts, row } = makeSelect(random);
    const { texts, parameters } = piecesOf(parts);
    const fragment = (random.chance(0.5) ? template : file)(texts, parameters);
    expect(fragment.values).toEqual(parameters);
    expect([...(await db.query(fragment))], fragment.text).toEqual([row]);
    count("statements");
    count("parameters", parameters.length);
  }
  await client.end({ timeout: 1 });
  for (let refusals = 0; refusals < STATEMENTS; refusals++) {
    const { parts, inside } = random.pick(EXPRESSIONS)(random, () => "");
    const [text] = parts;
    if (inside === undefined || typeof text !== "string") continue;
    const before = makeSelect(random);
    const open = text.slice(0, inside);
    const refused = { code: "INVALID_TEMPLATE", name: "NextvalError" };
    const { texts, parameters } = piecesOf([...before.parts, ",", open]);
    expect(() => template(texts, parameters), open).toThrow(expect.objectContaining(refused));
    expect(() => template([...texts, text.slice(inside)], [...parameters, "x"]), text).toThrow(
      expect.objectContaining(refused),
    );
    count("refusals", 2);
  }
});
