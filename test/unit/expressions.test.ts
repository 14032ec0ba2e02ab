import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript-5";
import { expect, test } from "vitest";
import { first, IS_LONG, withLong } from "../support/effort.js";
import { MOST, slowdown, time } from "../support/linear.js";
import { longTest } from "../support/long-test.js";

const root = new URL("../../", import.meta.url);

interface Found {
  readonly place: string;
  readonly expression: RegExp;
}

/** Every regular expression of the library, by the compiler's own parser. */
function expressionsOf(folder: string): Found[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const text = readFileSync(new URL(`${folder}${name}`, root), "utf8");
      const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
      const found: Found[] = [];
      const visit = (node: ts.Node): void => {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        const place = `${folder}${name}:${line + 1}`;
        if (ts.isRegularExpressionLiteral(node)) {
          const end = node.text.lastIndexOf("/");
          found.push({ place, expression: new RegExp(node.text.slice(1, end), node.text.slice(end + 1)) });
        }
        if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === "RegExp") {
          if (!place.includes("redact"))
            throw new Error(`${place} makes an expression while the program runs, which no test can find`);
        }
        node.forEachChild(visit);
      };
      visit(source);
      return found;
    });
}

const SAMPLES = ["a", "A", "1", "_", "é", "表", "\u0301", "\u200d", "🇩", "🙂", "\u00ad"];

/** The pieces that a pattern matches: a word stands for itself, a class for one or two of its characters. */
function piecesOf({ source, flags }: RegExp): string[] {
  const sample = (pattern: string) => {
    const matching = SAMPLES.find((each) => new RegExp(`^${pattern}$`, flags.includes("u") ? "u" : "").test(each));
    return matching ?? "x";
  };
  const one = (token: string): string => {
    if (/^\\[pPdDwWsS]/.test(token)) return token.startsWith("\\s") ? " " : sample(token);
    if (/^\\[ux0-9nrtfv]/.test(token)) return JSON.parse(`"${jsonOf(token)}"`) as string;
    return token.startsWith("\\") ? token.slice(1) : token;
  };
  const ESCAPE = /\\p\{[^}]*\}|\\P\{[^}]*\}|\\u\{[^}]*\}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[^]/giu;
  const tokens = source.matchAll(
    /\\p\{[^}]*\}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[^]|\[(?:\\[^]|[^\]\\])*\]|\{[\d,]+\}|\(\?<?[:=!]|[^]/giu,
  );
  const pieces: string[] = [];
  let literal = "";
  const push = (...more: string[]) => {
    if (literal !== "") pieces.push(literal);
    literal = "";
    pieces.push(...more);
  };
  for (const [token] of tokens) {
    if (/^(?:\(\?|[()|?*+^$.]$|\{[\d,]+\}|\\[bB]$)/.test(token)) push(...(token === "." ? ["x"] : []));
    else if (token.startsWith("[")) {
      const inside = token.slice(1, -1).replace(/^\^/, "");
      const members = [...(inside.match(new RegExp(`${ESCAPE.source}|[^]`, "giu")) ?? [])].map(one);
      push(...(token.startsWith("[^") ? ["a"] : []), ...members.slice(0, 1), ...members.slice(-1));
    } else if (/^\\[pPdDwWsS]/.test(token)) push(one(token));
    else literal += one(token);
  }
  push();
  return pieces.filter((piece) => piece !== "");
}

function jsonOf(escape: string): string {
  if (escape.startsWith("\\x")) return `\\u00${escape.slice(2)}`;
  return escape === "\\0" ? "\\u0000" : escape === "\\v" ? "\\u000b" : escape;
}

interface Attack {
  readonly prefix: string;
  readonly pump: string;
  readonly suffix: string;
}

const textOf = ({ prefix, pump, suffix }: Attack, repetitions: number) => prefix + pump.repeat(repetitions) + suffix;

/** The second one also ends what `$` matches at the end of a line. */
const SUFFIXES = withLong(["\x01"], ["\n\x01"]);

/** Texts that begin as a match does, repeat one or two of its pieces, and end in a way that no match does. */
function attacksOn(expression: RegExp): Attack[] {
  const pieces = piecesOf(expression);
  const distinct = first(5, [...new Set(pieces)].slice(0, 8));
  const pumps = [
    ...distinct,
    ...distinct.flatMap((one) => distinct.flatMap((other) => (one === other ? [] : one + other))),
  ];
  const prefixes = new Set(["", ...pieces.map((_, index) => pieces.slice(0, index + 1).join("")).slice(0, 5)]);
  return [...prefixes].flatMap((prefix) =>
    pumps.flatMap((pump) => SUFFIXES.map((suffix) => ({ prefix, pump, suffix }))),
  );
}

function run(expression: RegExp): (text: string) => unknown {
  return (text) => {
    expression.lastIndex = 0;
    return text.match(expression);
  };
}

/** Repetitions, and the milliseconds after which longer texts are not tried. */
const STEPS = [
  [20, 1],
  [60, 2],
  [500, 8],
] as const;

/** In milliseconds, for the last of these steps. */
const SUSPICIOUS = 0.7;

/** The first attack that succeeds, with its slowdown: also of the three slowest texts. Else the last one of these. */
function slowest(expression: RegExp): { text: string; slowdown: number } {
  const match = run(expression);
  const slowdownBy = (attack: Attack) => ({
    text: JSON.stringify(attack),
    slowdown: slowdown(match, (repetitions) => textOf(attack, repetitions)),
  });
  const timed: { attack: Attack; took: number }[] = [];
  for (const attack of attacksOn(expression)) {
    // Faster than the square: the texts below would take minutes.
    let took = 0;
    for (const [repetitions, most] of STEPS) {
      const text = textOf(attack, repetitions);
      took = Math.min(
        time(() => match(text)),
        time(() => match(text)),
      );
      // A garbage collection takes as long, but not each time.
      for (let again = 0; again < 3 && took > most; again++)
        took = Math.min(
          took,
          time(() => match(text)),
        );
      if (took > most) return { text: JSON.stringify(attack), slowdown: Number.POSITIVE_INFINITY };
    }
    if (took > SUSPICIOUS) {
      const result = slowdownBy(attack);
      if (result.slowdown > MOST) return result;
    }
    timed.push({ attack, took });
  }
  let worst = { text: "", slowdown: 0 };
  for (const { attack } of timed.sort((a, b) => b.took - a.took).slice(0, 3)) {
    if (worst.slowdown <= MOST) worst = slowdownBy(attack);
  }
  return worst;
}

/** Without a repetition, the time at each position is bounded. */
const repeats = ({ source }: RegExp) => /[*+]|\{\d+,/.test(source);

longTest("the attacks find expressions whose time grows with the square of the text's length, or faster", () => {
  const known = [/\s+$/, /^(\w+)*!/];
  // As it is with those that the library once had.
  if (IS_LONG) known.push(/--[^\n\r]*$/, /["»„«“「]\s?(.+?)\s?["«“»”」](?:\W|$)/, /^a*a*$/);
  for (const expression of known) {
    expect.soft(slowest(expression).slowdown, `${expression}`).toBeGreaterThan(MOST);
  }
});

const found = [...expressionsOf("lib/"), ...expressionsOf("types/")];

test("every expression of the library is found", () => {
  expect(found.length).toBeGreaterThan(50);
});

test.each(found.filter(({ expression }) => repeats(expression)))(
  "$place: $expression takes time in proportion to the text",
  ({ expression }) => {
    const { text, slowdown } = slowest(expression);
    expect(slowdown, text).toBeLessThan(MOST);
  },
);
