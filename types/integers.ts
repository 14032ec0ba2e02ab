import type { Integer } from "./options.js";

/*
 * Exact integers of any size, as the compiler can hold them: decimal strings. `number`, `string`, patterns and `any` are
 * integers that the compiler does not know; whatever is asked of them, the answer is `unknown`.
 */

export type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** The decimal text of an option; `Default` where it is not given. */
export type TextOf<Value, Default extends string> = Value extends Integer ? `${Value}` : Default;

/** How `A` stands to `B`: "below", "same", "above". For unions it is the union of all the answers. */
export type Order<A extends string, B extends string> = A extends `-${infer AbsoluteA}`
  ? B extends `-${infer AbsoluteB}`
    ? OrderOfDigits<AbsoluteB, AbsoluteA>
    : B extends `${Digit}${string}`
      ? "below"
      : unknown
  : B extends `-${string}`
    ? A extends `${Digit}${string}`
      ? "above"
      : unknown
    : OrderOfDigits<A, B>;

/** Walks both in step: the first difference decides, unless one is longer. */
type OrderOfDigits<A extends string, B extends string, SoFar = "same"> = A extends `${infer A0 extends Digit}${infer Rest}`
  ? B extends `${infer B0 extends Digit}${infer RestOfB}`
    ? OrderOfDigits<Rest, RestOfB, SoFar extends "same" ? OrderOfDigit<A0, B0> : SoFar>
    : B extends ""
      ? "above"
      : unknown
  : A extends ""
    ? B extends ""
      ? SoFar
      : B extends `${Digit}${string}`
        ? "below"
        : unknown
    : unknown;

type OrderOfDigit<A extends Digit, B extends Digit> = A extends B
  ? "same"
  : "0123456789" extends `${string}${A}${string}${B}${string}`
    ? "below"
    : "above";

/** 2^53-1 has 16 digits. A match costs one step, so that most numbers are never compared. */
type SixteenCharacters = `${Eight}${Eight}${string}`;
type NineteenCharacters = `${Eight}${Eight}${any}${any}${any}${string}`;
type Eight = `${any}${any}${any}${any}${any}${any}${any}${any}`;

/** `true` where a `number` can hold it and all of its neighbours: within ±(2^53-1). */
export type IsSafe<Text extends string> = Text extends SixteenCharacters
  ? Text extends `-${infer Absolute}`
    ? NotAbove<Absolute, "9007199254740991">
    : NotAbove<Text, "9007199254740991">
  : true;

/** `true` where it fits in 64 bits. */
export type IsInt64<Text extends string> = Text extends NineteenCharacters
  ? Text extends `-${infer Absolute}`
    ? NotAbove<Absolute, "9223372036854775808">
    : NotAbove<Text, "9223372036854775807">
  : true;

type NotAbove<A extends string, B extends string> = [OrderOfDigits<A, B>] extends ["above"] ? false : true;
