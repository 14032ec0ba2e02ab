import { NextvalError, type Sql } from "../../index.js";
import { asTemplate, codeOf, flatFragment, type Request, tag, textFragment, TYPE_NAMES } from "../../internal.js";
import type { TextParameter } from "../queued/driver.js";

/**
 * Makes the fragment that a host runs for a request. Its values are texts and nulls.
 *
 * Hosts declare no types, so a value that declares one has casts: `($1::pg_catalog.text::pg_catalog.int8)`. The first
 * cast keeps serializers of drivers away from the text. They would write the text of a boolean as `f`. The parentheses
 * make a subscript or a field after the value one of the value.
 *
 * Rows that are read as texts arrive as one column, so it makes no difference how the host names and reads columns.
 */
export function hostFragment({ fragment, parameters, kind }: Request): Sql {
  if (isSeveral(fragment.text)) {
    throw new NextvalError("INVALID_TEMPLATE", "the text has more than one statement", { hint: "Run each by itself." });
  }
  const given = parameters as readonly TextParameter[];
  const casts = given.map(({ type }) => castTo(TYPE_NAMES.get(type)));
  const { strings } = fragment;
  const pieces = casts.every((cast) => cast === "")
    ? strings
    : asTemplate(strings.map((piece, at) => `${casts[at - 1] ?? ""}${piece}${casts[at] ? "(" : ""}`));
  const texts = given.map(({ text }) => text);
  const statement = flatFragment(pieces, texts);
  return kind === "texts" ? tag`${BEFORE}${statement}${AFTER}` : statement;
}

/**
 * Whether a text has a second statement. A server refuses such a text from a driver, but runs it from a library that
 * uses the simple protocol, with a COMMIT that may be in it. Actions of rules, in parentheses, and bodies of functions
 * in SQL's own syntax have semicolons as well.
 */
function isSeveral(text: string): boolean {
  if (!text.includes(";")) return false;
  const [code] = codeOf(text);
  let depth = 0;
  for (let at = code.search(/[^\s;]/); at < code.length; at++) {
    if (code[at] === "(") depth++;
    if (code[at] === ")") depth--;
    if (code[at] === ";" && depth === 0) return /[^\s;]/.test(code.slice(at)) && !/\bbegin\s+atomic\b/i.test(code);
  }
  return false;
}

const BEFORE = /* @__PURE__ */ textFragment('select nextval_row::pg_catalog.text as "value" from (');
const AFTER = /* @__PURE__ */ textFragment(") as nextval_row");

function castTo(type: string | undefined): string {
  return type === undefined ? "" : `::pg_catalog.text::pg_catalog.${type})`;
}
