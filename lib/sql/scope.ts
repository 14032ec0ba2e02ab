import type { RowOf } from "../../types/rows.js";
import { NextvalError } from "../error.js";
import { BoundedMap } from "./bounded-map.js";
import type { Sql } from "./fragment.js";
import { CODE, lex } from "./lexer.js";
import { nearest } from "./nearest.js";
import { Site } from "./site.js";
import { assertGenuine, type Tag } from "./tag.js";
import type { Splice } from "./value.js";

/** The functions that named placeholders may call, by name: each makes a fragment of the bindings it is given. */
export type ScopeFunctions = { readonly [name: string]: { readonly arity: readonly number[]; call(things: unknown[]): Sql } };

/** What named placeholders stand for: sequences, fragments and values, by name. */
export type Bindings = { readonly [name: string]: Splice };

/** A tag that also understands `$<name>`. */
export interface ScopedTag extends Tag {
  /** The same for SQL that is no template, such as the text of a file. The text is taken as SQL: never pass data. */
  text<Row extends object = RowOf<[]>>(text: string): Sql<Row>;
}

/** What stands in a hole of the text that remains: one of the tag's own things, or a named one. */
type Filling = (things: readonly unknown[]) => unknown;

interface Compiled {
  readonly site: Site;
  readonly fillings: readonly Filling[];
}

const TOKEN = /\s*(?:([\p{ID_Start}_$][\p{ID_Continue}$]*)|(-?\d+)|(.))/uy;
const PLACEHOLDER = /\$<([^<>]*)>/y;

export function scopeWith(functions: ScopeFunctions): (bindings: Bindings) => ScopedTag {
  return (bindings) => {
    const known = new Map(Object.entries(bindings));
    const templates = new WeakMap<TemplateStringsArray, Compiled>();
    const texts = new BoundedMap<string, Compiled>(256);

    const lookUp = (name: string, fail: (problem: string) => never): unknown => {
      if (known.has(name)) return known.get(name);
      return fail(`no binding is named ${name}${nearest(name, known.keys())}`);
    };

    const compile = (strings: readonly string[]): Compiled => {
      const pieces: string[] = [];
      const fillings: Filling[] = [];
      let context = CODE;
      strings.forEach((text, index) => {
        let done = 0;
        if (index > 0) fillings.push((things) => things[index - 1]);
        context = lex(text, context, (position) => {
          PLACEHOLDER.lastIndex = position;
          const inner = PLACEHOLDER.exec(text)?.[1];
          const fail = (problem: string) => failAt(strings, index, position, `$<${inner ?? ""}`, problem);
          if (inner === undefined) return fail("the placeholder is not closed; write $<name> or $<nextval(name)>");
          pieces.push(text.slice(done, position));
          const thing = evaluate(inner, functions, (name) => lookUp(name, fail), fail);
          fillings.push(() => thing);
          return (done = PLACEHOLDER.lastIndex);
        });
        pieces.push(text.slice(done));
      });
      return { site: new Site(pieces, (_piece, position) => position + 2), fillings };
    };

    const scoped = (strings: TemplateStringsArray, ...things: unknown[]): Sql<never> => {
      let compiled = templates.get(strings);
      if (compiled === undefined) {
        assertGenuine(strings);
        templates.set(strings, (compiled = compile(strings)));
      }
      return compiled.site.fragment(compiled.fillings.map((filling) => filling(things)));
    };
    const text = (source: string): Sql<never> => {
      const { site, fillings } = texts.getOrMake(source, () => compile([source]));
      return site.fragment(fillings.map((filling) => filling([])));
    };
    return Object.assign(scoped as Tag, { text });
  };
}

/** `name`, or `name(name, name, ...)`; a whole number or true or false may stand for a name. */
function evaluate(
  inner: string,
  functions: ScopeFunctions,
  lookUp: (name: string) => unknown,
  fail: (problem: string) => never,
): unknown {
  const tokens = tokenize(inner);
  const [name, open, ...rest] = tokens;
  if (name === undefined || !/^[\p{ID_Start}_$]/u.test(name)) return fail("a placeholder begins with a name");
  if (open === undefined) return lookUp(name);
  if (open !== "(" || rest.pop() !== ")") return fail("a placeholder is $<name> or $<nextval(name)>");
  const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (called === undefined) return fail(`there is no function ${name}${nearest(name, Object.keys(functions))}`);
  const names = rest.filter((_, index) => index % 2 === 0);
  const commas = rest.filter((_, index) => index % 2 === 1);
  if (commas.some((token) => token !== ",") || (rest.length > 0 && rest.length % 2 === 0)) {
    return fail("the arguments of a function are names with commas between them");
  }
  if (!called.arity.includes(names.length)) {
    return fail(`${name} takes ${called.arity.join(" or ")} arguments and got ${names.length}`);
  }
  return called.call(names.map((argument) => constant(argument) ?? lookUp(argument)));
}

function constant(token: string): bigint | boolean | undefined {
  if (/^-?\d/.test(token)) return BigInt(token);
  return token === "true" ? true : token === "false" ? false : undefined;
}

function tokenize(inner: string): string[] {
  const source = inner.trim();
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(source); match !== null; match = TOKEN.exec(source)) {
    tokens.push(match[1] ?? match[2] ?? (match[3] as string));
  }
  return tokens;
}

/** A splice counts as `${}` in the column, because its own text is not known here. */
function failAt(strings: readonly string[], piece: number, position: number, found: string, problem: string): never {
  const before = [...strings.slice(0, piece), (strings[piece] as string).slice(0, position)].join("${}");
  const lines = before.split(/\r\n|\n|\r/);
  const column = (lines.at(-1) as string).length + 1;
  throw new NextvalError("INVALID_TEMPLATE", `line ${lines.length}, column ${column}: ${found}>: ${problem}`);
}
