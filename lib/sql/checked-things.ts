import type { Splice } from "./value.js";

/**
 * Every type that a caller may try to splice, valid or not. An unconstrained type parameter is not assignable to it.
 */
export type Thing = Splice | object | symbol | undefined;

/**
 * Maps each spliced type to itself if a template accepts it, and else to a sentence that says why not. No value can be
 * assigned to the sentence, so the compiler shows it at the wrong value.
 */
export type CheckedThings<Things extends readonly unknown[]> = { [Index in keyof Things]: CheckedThing<Things[Index]> };

/**
 * The spliced things of a template with a stated row type. The compiler infers either all types of a call or none, so
 * it checks them against one type for all. Its message then shows the sentence. The sentence stays visible in the union
 * because the strings in it are not plain `string`.
 */
export type StatedThings = readonly (Spliced | NotSpliced)[];

type Spliced = Exclude<Splice, string> | (string & {});

type NotSpliced =
  "only values, fragments and sequences can stand in a template; pass null for NULL, and await promises";

type CheckedThing<Given> = ["wrong"] extends [Verdict<Given>] ? (Given extends Splice ? Given : Problem<Given>) : Given;

/**
 * In a generic function the compiler checks this with `any` in place of the type parameter. "fine" lets such a function
 * pass its parameter on.
 */
type Verdict<Given> = [Given] extends [0] ? "fine" : Given extends Splice ? "fine" : "wrong";

type NotPlain =
  "an object of a class or interface cannot stand in a template; pass its values, or { ...object } for JSON";

/** The same wording as the run-time errors. */
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
          : Given extends { readonly seqName: unknown }
            ? "a sequence of Drizzle or of another version of nextval; use fromDrizzle(...), or install one version"
            : NotPlain;
