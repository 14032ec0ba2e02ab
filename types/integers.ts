import type { Integer } from "./sequence-options.js";

/*
 * Exact integers of any size, which types can hold as decimal strings. The compiler does not know the value of
 * `number`, `string`, patterns and `any`: they become `string`, and every question about them answers `unknown`.
 */

export type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** The decimal text of an option, or `Default` if the option is not given. */
export type TextOf<Value, Default extends string> = Value extends Integer ? Known<`${Value}`> : Default;

/** The decimal text of an option that is known to be given and to be a literal. */
export type KnownText<Value> = Value extends Integer ? `${Value}` : never;

type Known<Text extends string> = Text extends `${bigint}` ? (`${bigint}` extends Text ? string : Text) : string;

/** Compares `A` with `B`: "below", "same" or "above". For unions it is the union of all answers. */
export type Order<A extends string, B extends string> = A extends `-${string}`
  ? OrderOfNegative<A, B>
  : string extends A | B
    ? unknown
    : B extends `-${string}`
      ? "above"
      : ByLength<A, B, A, B>;

type OrderOfNegative<A extends string, B extends string> = A extends `-${infer AbsoluteA}`
  ? B extends `-${infer AbsoluteB}`
    ? ByLength<AbsoluteB, AbsoluteA, AbsoluteB, AbsoluteA>
    : string extends B
      ? unknown
      : "below"
  : never;

/** The longer number is the greater. Compares four digits at a time, because each step costs the compiler. */
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

/** Compares two numbers of the same length: the first digit that differs decides. */
type ByDigits<A extends string, B extends string> = A extends `${infer First}${infer RestOfA}`
  ? B extends `${First}${infer RestOfB}`
    ? ByDigits<RestOfA, RestOfB>
    : B extends `${infer FirstOfB}${string}`
      ? "0123456789" extends `${string}${First}${string}${FirstOfB}${string}`
        ? "below"
        : "above"
      : never
  : "same";

/**
 * Matches numbers that may be beyond 2^53-1, which has 16 digits. The match is one step, so most numbers are never
 * compared.
 */
export type SixteenCharacters = `${Eight}${Eight}${string}`;
type NineteenCharacters = `${Eight}${Eight}${any}${any}${any}${string}`;
// A template counts characters only with `any`: `${string}${string}` is simply `string`.
type Eight = `${any}${any}${any}${any}${any}${any}${any}${any}`;

/** `false` if the integer is beyond ±(2^53-1), where a `number` no longer holds every integer. */
export type IsSafe<Text extends string> = Text extends SixteenCharacters
  ? Text extends `-${infer Absolute}`
    ? NotAbove<Absolute, "9007199254740991">
    : NotAbove<Text, "9007199254740991">
  : true;

/** `false` if the integer does not fit in 64 bits. */
export type IsInt64<Text extends string> = Text extends NineteenCharacters
  ? Text extends `-${infer Absolute}`
    ? NotAbove<Absolute, "9223372036854775808">
    : NotAbove<Text, "9223372036854775807">
  : true;

type NotAbove<A extends string, B extends string> = Order<A, B> extends "above" ? false : true;
