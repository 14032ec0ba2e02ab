import type { Empty, HasNul, TooLong } from "./messages.js";

/**
 * The problem of a name, or `unknown` if there is none.
 *
 * The length is a lower bound: ASCII counts as one byte, and everything else as two. No type can ask for the code of a
 * character. Templates split a string by UTF-16 code unit in TypeScript 5 and 6, by code point in TypeScript 7. The run
 * time counts exactly.
 */
export type NameProblem<Subject extends string, Name extends string> = Name extends UnsureName
  ? Name extends ""
    ? Empty<Subject>
    : Name extends `${string}\0${string}`
      ? HasNul<Subject>
      : Utf8LowerBound<Name> extends SixtyFourCharacters
        ? TooLong<Subject, Name>
        : unknown
  : unknown;

/** The names that need a closer look. Nearly all names are clearly valid. */
export type DoubtfulName<Name> = Name extends UnsureName ? Name : never;

/**
 * Matches names that may have a problem. By this count, up to 31 characters never make 64 bytes, so one question is
 * enough for nearly all names.
 */
export type UnsureName = "" | `${string}\0${string}` | ThirtyTwoCharacters;

type Eight = `${any}${any}${any}${any}${any}${any}${any}${any}`;
type ThirtyTwoCharacters = `${Eight}${Eight}${Eight}${Eight}${string}`;
type SixtyFourCharacters = `${Eight}${Eight}${Eight}${Eight}${ThirtyTwoCharacters}`;

/** The name with every non-ASCII character doubled. */
type Utf8LowerBound<Name extends string, Weighed extends string = ""> = Name extends `${infer Character}${infer Rest}`
  ? Utf8LowerBound<Rest, `${Weighed}${Character}${Ascii extends `${string}${Character}${string}` ? "" : Character}`>
  : Weighed;

type Ascii = `${Control}${Printable}`;
type Control =
  "\x01\x02\x03\x04\x05\x06\x07\b\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f";
type Printable =
  " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f";
