import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript-5";
import { expect, test } from "vitest";

const LIB = fileURLToPath(new URL("../../lib/", import.meta.url));

/** Help, reports and pages, which are no messages. */
const OTHERS = /^(?:cli\/(?:commands|listen|page|report)\/|cli\/program\.ts$|operate\/monitor\/prometheus\.ts$)/;

/** SQL, also several statements in one text. */
const STATEMENTS = /pg_catalog\.|::(?:numeric|int2|regclass)|^close all;|^\$\{\}; \$\{\}$/;

/** A fact that the caller has to know, a comment of a migration, a hint that begins with a value, another's words. */
const ALLOWED = /\. The statement has run\b|^Restart: no value was drawn .*|^\$\{\}, give --url, |^\. Expected $/;

/** The second sentence of a message or a hint. */
const SECOND = /; (?=\w|\$)|\w - |[–—]|(?<!\.\.)[.?!] (?=[A-Z])/;

const VERBS = "add await bind call cast close declare drop give leave make move name pass put set split take use write";

/** Advice at the end of a message. A hint begins with a capital letter. */
const ADVICE = new RegExp(`^(?! ?[A-Z]).*[:,;] (?:${VERBS.replaceAll(" ", "|")}) (?!or )`);

const isWrong = (given: string) => {
  if (STATEMENTS.test(given)) return false;
  const text = given.replace(ALLOWED, "");
  return SECOND.test(text) || ADVICE.test(text);
};

/** The texts of a file, with `${}` for what is inserted. Types are left out, because a compiler shows no hint. */
function textsOf(source: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isStringLiteralLike(node)) texts.push(node.text);
    if (ts.isTemplateExpression(node)) {
      texts.push([node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join("${}"));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("lib.ts", source, ts.ScriptTarget.Latest));
  return texts;
}

/** Parsing takes long, so only files are parsed in which something like a wrong text stands after a quote. */
function mayBeWrong(source: string): boolean {
  return source
    .split("\n")
    .some((line) => !/^\s*(?:\/?\*|\/\/)/.test(line) && isWrong(/["'`].*/.exec(line)?.[0] ?? ""));
}

test("a message says what is wrong in one sentence, and a hint what to do", () => {
  expect(textsOf('refuse(`${a}; use b`); type A = "c; d"').filter(isWrong)).toEqual(["${}; use b"]);
  expect(
    ["is a Map: pass its values", "is x. Pass y.", "is x - pass y", "x, use sql.join"].filter(isWrong),
  ).toHaveLength(4);
  const files = readdirSync(LIB, { recursive: true, encoding: "utf8" });
  const sources = files
    .filter((file) => file.endsWith(".ts") && !OTHERS.test(file))
    .map((file) => readFileSync(`${LIB}${file}`, "utf8"));
  expect(sources.filter(mayBeWrong).flatMap(textsOf).filter(isWrong)).toEqual([]);
});
