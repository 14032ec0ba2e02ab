import type { NextvalError } from "../../errors.js";
import { didYouMean } from "../did-you-mean.js";
import type { Sql } from "../fragment.js";

/** The functions that named placeholders can call, by name. Each makes a fragment of its arguments. */
export type PlaceholderFunctions = {
  readonly [name: string]: { readonly arity: readonly number[]; call(things: unknown[]): Sql };
};

/** Throws an error that gives the position of the placeholder. */
export type Fail = (problem: string, hint?: string, cause?: Error) => never;

const TOKEN = /\s*(?:([\p{ID_Start}_$][\p{ID_Continue}$]*)|(-?\d+)|(.))/uy;

const DIGITS = /^-?\d/;

/** A 64-bit number has at most 20 characters. Parsing a million digits would take seconds. */
const MAX_DIGITS = 100;

/**
 * Evaluates the text between `$<` and `>`: `name`, or `name(name, name, ...)`. An argument may also be a whole number,
 * `true` or `false`.
 */
export function evaluate(
  inner: string,
  functions: PlaceholderFunctions,
  lookUp: (name: string) => unknown,
  fail: Fail,
): unknown {
  const tokens = tokenize(inner);
  const [name, open, ...rest] = tokens;
  if (name === undefined || !/^[\p{ID_Start}_$]/u.test(name)) return fail("a placeholder begins with a name");
  if (open === undefined) return lookUp(name);
  if (open !== "(" || rest.pop() !== ")") return fail("a placeholder is $<name> or $<nextval(name)>");
  const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (called === undefined) return fail(`there is no function ${name}`, didYouMean(name, Object.keys(functions)));
  const tooLong = rest.find((token) => token.length > MAX_DIGITS && DIGITS.test(token));
  if (tooLong !== undefined) return fail(`the number ${tooLong.slice(0, MAX_DIGITS)}... is beyond 64 bits`);
  const names = rest.filter((_, index) => index % 2 === 0);
  const commas = rest.filter((_, index) => index % 2 === 1);
  if (commas.some((token) => token !== ",") || (rest.length > 0 && rest.length % 2 === 0)) {
    return fail("the arguments of a function are names with commas between them");
  }
  if (!called.arity.includes(names.length)) {
    const noun = called.arity.at(-1) === 1 ? "argument" : "arguments";
    return fail(`${name} takes ${called.arity.join(" or ")} ${noun}, not ${names.length}`);
  }
  const things = names.map((argument) => constant(argument) ?? lookUp(argument));
  try {
    return called.call(things);
  } catch (error) {
    const { message, hint } = error as NextvalError;
    return fail(message, hint, error as Error);
  }
}

function constant(token: string): bigint | boolean | undefined {
  if (DIGITS.test(token)) return BigInt(token);
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
