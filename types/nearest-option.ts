import type { Expectations } from "./messages.js";

/** In the order of `Expectations`. The run time takes the first of the options that are equally like a mistaken one. */
type Options = [
  "startWith",
  "increment",
  "minValue",
  "maxValue",
  "cache",
  "cycle",
  "as",
  "ownedBy",
  "unlogged",
  "comment",
  "mode",
];

/** The option that is most like a mistaken one, by the rules of `notAnOption` in lib/sql/nearest.ts; `never` if none is. */
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

/** No two options begin with the same three letters. */
type BeginsLike<Mistaken extends string> = Mistaken extends `${infer First}${infer Second}${infer Third}${string}`
  ? {
      [Option in keyof Expectations]: Lowercase<Option> extends `${First}${Second}${Third}${string}` ? Option : never;
    }[keyof Expectations]
  : never;

/** The first option that so many edits make of the mistaken one. */
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

/** Whether at most so many characters are added, dropped or changed. */
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
