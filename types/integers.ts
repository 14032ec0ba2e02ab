import type { Integer } from "./sequence-options.js";

/*
 * Exact integers of any size, as the compiler can hold them: decimal strings. `number`, `string`, patterns and `any` are
 * integers that the compiler does not know: they become `string`, and whatever is asked of them, the answer is `unknown`.
 */

export type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** The decimal text of an option, `Default` where it is not given. */
export type TextOf<Value, Default extends string> = Value extends Integer ? Known<`${Value}`> : Default;

/** The same for options that are surely given, and literals. */
export type KnownText<Value> = Value extends Integer ? `${Value}` : never;

type Known<Text extends string> = Text extends `${bigint}` ? (`${bigint}` extends Text ? string : Text) : string;

/** How `A` stands to `B`: "below", "same", "above". For unions it is the union of all the answers. */
export type Order<A extends string, B extends string> = A extends `-${infer AbsoluteA}`
  ? B extends `-${infer AbsoluteB}`
    ? ByLength<AbsoluteB, AbsoluteA, AbsoluteB, AbsoluteA>
    : string extends B
      ? unknown
      : "below"
  : string extends A | B
    ? unknown
    : B extends `-${string}`
      ? "above"
      : ByLength<A, B, A, B>;

/** The longer is the greater. Four digits at a time, because every step costs. */
type ByLength<
  RestOfA extends string,
  RestOfB extends string,
  A extends string,
  B extends string,
> = RestOfA extends `${any}${any}${any}${any}${infer A4}`
  ? RestOfB extends `${any}${any}${any}${any}${infer B4}`
    ? ByLength<A4, B4, A, B>
    : "above"
  : RestOfB extends `${any}${any}${any}${any}${string}`
    ? "below"
    : ByLastDigits<RestOfA, RestOfB, A, B>;

type ByLastDigits<
  RestOfA extends string,
  RestOfB extends string,
  A extends string,
  B extends string,
> = RestOfA extends `${any}${infer A1}`
  ? RestOfB extends `${any}${infer B1}`
    ? ByLastDigits<A1, B1, A, B>
    : "above"
  : RestOfB extends ""
    ? ByDigits<A, B>
    : "below";

/** Of two equally long, the first difference decides. */
type ByDigits<A extends string, B extends string> = A extends `${infer First}${infer RestOfA}`
  ? B extends `${First}${infer RestOfB}`
    ? ByDigits<RestOfA, RestOfB>
    : B extends `${infer FirstOfB}${string}`
      ? "0123456789" extends `${string}${First}${string}${FirstOfB}${string}`
        ? "below"
        : "above"
      : never
  : "same";

/** 2^53-1 has 16 digits. A match costs one step, so that most numbers are never compared. */
export type SixteenCharacters = `${Eight}${Eight}${string}`;
type NineteenCharacters = `${Eight}${Eight}${any}${any}${any}${string}`;
// Only with `any` does a template count: `${string}${string}` is simply `string`.
type Eight = `${any}${any}${any}${any}${any}${any}${any}${any}`;

/** `false` where a `number` cannot hold it and all of its neighbours: beyond ±(2^53-1). */
export type IsSafe<Text extends string> = Text extends SixteenCharacters
  ? Text extends `-${infer Absolute}`
    ? NotAbove<Absolute, "9007199254740991">
    : NotAbove<Text, "9007199254740991">
  : true;

/** `false` where it does not fit in 64 bits. */
export type IsInt64<Text extends string> = Text extends NineteenCharacters
  ? Text extends `-${infer Absolute}`
    ? NotAbove<Absolute, "9223372036854775808">
    : NotAbove<Text, "9223372036854775807">
  : true;

type NotAbove<A extends string, B extends string> = Order<A, B> extends "above" ? false : true;
