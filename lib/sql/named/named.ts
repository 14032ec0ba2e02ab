import type { RowOf } from "../../../types/rows.js";
import { NextvalError, refuse } from "../../errors.js";
import { BoundedMap } from "../bounded-map.js";
import { didYouMean } from "../did-you-mean.js";
import type { Sql } from "../fragment.js";
import { CODE, lex } from "../lexer.js";
import { type Caller, originOf } from "../origin.js";
import { assertGenuine, type Tag } from "../tag.js";
import { Site } from "../template.js";
import { admit, type Splice } from "../value.js";
import { evaluate, type Fail, type PlaceholderFunctions } from "./placeholder.js";

/** The sequences, fragments and values that named placeholders stand for, by name. {@link SqlTag.named} takes them. */
export type NamedValues = { readonly [name: string]: Splice };

/**
 * A template tag that also understands named placeholders such as `$<name>` and `$<nextval(name)>`.
 * {@link SqlTag.named} makes it.
 */
export interface NamedTag extends Tag {
  /**
   * Makes a fragment of SQL text with named placeholders, such as the content of a file. The text becomes SQL
   * unchanged: never pass data.
   *
   * ```ts
   * const named = sql.named({ orderSeq, note });
   * named.parse("insert into orders (id, note) values ($<nextval(orderSeq)>, $<note>)");
   * // insert into orders (id, note) values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1)
   * ```
   */
  parse<Row extends object = RowOf<[]>>(text: string): Sql<Row>;
}

/** Fills a hole of the compiled text, with one of the template's own values or with a named one. */
type Slot = (things: readonly unknown[]) => unknown;

interface Compiled {
  readonly site: Site;
  readonly slots: readonly Slot[];
}

const PLACEHOLDER = /\$<([^<>]*)>/y;

/** @internal Makes `sql.named`, with the functions that its placeholders can call. */
export function namedWith(functions: PlaceholderFunctions): (bindings: NamedValues) => NamedTag {
  return (bindings) => {
    const known = new Map(Object.entries(bindings));
    const templates = new WeakMap<TemplateStringsArray, Compiled>();
    const texts = new BoundedMap<string, Compiled>(256);

    const lookUp = (name: string, fail: Fail): unknown => {
      if (known.has(name)) return known.get(name);
      return fail(`no binding is named ${name}`, didYouMean(name, known.keys()));
    };

    const compile = (strings: readonly string[], caller: Caller): Compiled => {
      const pieces: string[] = [];
      const slots: Slot[] = [];
      let context = CODE;
      strings.forEach((text, index) => {
        let done = 0;
        if (index > 0) slots.push((things) => things[index - 1]);
        context = lex(text, context, (position) => {
          PLACEHOLDER.lastIndex = position;
          const inner = PLACEHOLDER.exec(text)?.[1];
          const place = () => placeAt(strings, index, position, `$<${shortened(inner ?? "")}>`);
          const fail: Fail = (problem, hint, cause) => throwAt(place(), problem, hint, cause);
          if (inner === undefined) return fail("the placeholder is not closed", "Write $<name> or $<nextval(name)>.");
          pieces.push(text.slice(done, position));
          const named = evaluate(inner, functions, (name) => lookUp(name, fail), fail);
          const thing = admit(named, place, 0);
          slots.push(() => thing);
          return (done = PLACEHOLDER.lastIndex);
        });
        pieces.push(text.slice(done));
      });
      return { site: new Site(pieces, (_piece, position) => position + 2, originOf(caller)), slots };
    };

    const namedTag = (strings: TemplateStringsArray, ...things: unknown[]): Sql<never> => {
      let compiled = templates.get(strings);
      if (compiled === undefined) {
        assertGenuine(strings);
        templates.set(strings, (compiled = compile(strings, namedTag)));
      }
      return compiled.site.fragment(compiled.slots.map((slot) => slot(things)));
    };
    const parse = (source: string): Sql<never> => {
      if (typeof source !== "string")
        return refuse("the text with placeholders", `takes a string, not ${typeof source}`);
      const { site, slots } = texts.getOrMake(source, () => compile([source.replace(/^\ufeff/, "")], parse));
      return site.fragment(slots.map((slot) => slot([])));
    };
    return Object.assign(namedTag as Tag, { parse });
  };
}

/** Keeps error messages short, because a placeholder can have any length. */
function shortened(inner: string): string {
  return inner.length > 100 ? `${inner.slice(0, 100)}...` : inner;
}

/**
 * Describes the position of a placeholder. A splice counts as `${}` in the column, because its own text is unknown
 * here.
 */
function placeAt(strings: readonly string[], piece: number, position: number, found: string): string {
  const before = [...strings.slice(0, piece), (strings[piece] as string).slice(0, position)].join("${}");
  const lines = before.split(/\r\n|\n|\r/);
  return `line ${lines.length}, column ${(lines.at(-1) as string).length + 1}: ${found}`;
}

function throwAt(place: string, problem: string, hint?: string, cause?: Error): never {
  const { code, sequence } =
    cause instanceof NextvalError ? cause : { code: "INVALID_TEMPLATE" as const, sequence: undefined };
  throw new NextvalError(code, `${place}: ${problem}`, { sequence, hint, cause });
}
