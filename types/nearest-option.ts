import type { Expectations } from "./messages.js";

/**
 * The options in the order of `Expectations`. If several are equally close to a mistaken one, the run time takes the
 * first.
 */
type Options = [
  "startWith",
  "increment",
  "minValue",
  "maxValue",
  "cache",
  "cycle",
  "as",
  "ownedBy",
  "identity",
  "feeds",
  "blocks",
  "unlogged",
  "comment",
  "mode",
];

/**
 * The option closest to a mistaken one, by the rules of `notAnOption` in lib/sql/did-you-mean.ts; `never` if none is
 * close.
 */
export type NearestOption<Mistaken extends string> = NearestOf<Lowercase<Mistaken>>;

type NearestOf<Mistaken extends string> =
  BeginsLike<Mistaken> extends infer Option extends string
    ? [Option] extends [never]
      ? Mistaken extends `${any}${any}${any}${any}${string}`
        ? [Within<[1], Mistaken>] extends [never]
          ? Within<[1, 1], Mistaken>
          : Within<[1], Mistaken>
        : never
      : Option
    : never;

/** The option that begins with the same three letters. No two options do. */
type BeginsLike<Mistaken extends string> = Mistaken extends `${infer First}${infer Second}${infer Third}${string}`
  ? {
      [Option in keyof Expectations]: Lowercase<Option> extends `${First}${Second}${Third}${string}` ? Option : never;
    }[keyof Expectations]
  : never;

/** The first option within this many edits of the mistaken one. */
type Within<Edits extends 1[], Mistaken extends string, Rest = Options> = Rest extends [
  infer Option extends string,
  ...infer Others,
]
  ? Option extends "as"
    ? Within<Edits, Mistaken, Others>
    : true extends IsWithin<Edits, Mistaken, Lowercase<Option>>
      ? Option
      : Within<Edits, Mistaken, Others>
  : never;

/** Whether at most this many characters are added, dropped or changed. */
type IsWithin<Edits extends 1[], From extends string, To extends string> = From extends `${infer A}${infer RestOfFrom}`
  ? To extends `${infer B}${infer RestOfTo}`
    ? A extends B
      ? IsWithin<Edits, RestOfFrom, RestOfTo>
      : Edits extends [1, ...infer Left extends 1[]]
        ? IsWithin<Left, RestOfFrom, RestOfTo> | IsWithin<Left, RestOfFrom, To> | IsWithin<Left, From, RestOfTo>
        : false
    : Edits extends [1, ...infer Left extends 1[]]
      ? IsWithin<Left, RestOfFrom, "">
      : false
  : To extends `${any}${infer RestOfTo}`
    ? Edits extends [1, ...infer Left extends 1[]]
      ? IsWithin<Left, "", RestOfTo>
      : false
    : true;
