import type { Splice } from "./value.js";

/** What anyone may try to splice. An unconstrained type parameter is none of it. */
export type Thing = Splice | object | symbol | undefined;

/**
 * The things themselves if they can stand in a template, else a sentence in their place, which nothing can be assigned to: so the
 * compiler shows the sentence.
 */
export type CheckedThings<Things extends readonly unknown[]> = { [Index in keyof Things]: CheckedThing<Things[Index]> };

type CheckedThing<Given> = ["wrong"] extends [Verdict<Given>] ? (Given extends Splice ? Given : Problem<Given>) : Given;

/** At a type parameter the compiler asks this with `any` in its place, and "fine" lets a generic function pass it on. */
type Verdict<Given> = [Given] extends [0] ? "fine" : Given extends Splice ? "fine" : "wrong";

/** In the words of the run time. */
type Problem<Given> = Given extends undefined
  ? "undefined cannot stand in a template; pass null for NULL, or sql`default` for a column's default"
  : Given extends PromiseLike<unknown>
    ? "a promise or another library's query cannot stand in a template; await it, or make it a fragment"
    : Given extends symbol
      ? "a symbol cannot stand in a template; pass a value, a fragment or a sequence"
      : Given extends (...args: never) => unknown
        ? "a function cannot stand in a template; pass a value, a fragment or a sequence"
        : Given extends readonly unknown[]
          ? "this array holds what cannot be bound; for a list of fragments use sql.join"
          : "an object of a class or interface cannot stand in a template; pass its values, or { ...object } for JSON";
