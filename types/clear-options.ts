import type { Digit, KnownText, Order, SixteenCharacters } from "./integers.js";
import type { DoubtfulName } from "./name-problems.js";
import type { IntegerOption, InvalidOption, LacksOwner } from "./option-problems.js";
import type { Integer, OwningColumn, SequenceOptions } from "./sequence-options.js";

/**
 * `true` if the options are clearly valid, as nearly all are. Any other answer only means that they need a closer look.
 * Each question here is cheap: it is put to all options together, and most declarations meet only a few questions.
 */
export type IsClear<Options> = Options extends object
  ? keyof Options extends IntegerOption
    ? HasClearIntegers<Options>
    : Options extends SequenceOptions
      ? keyof Options extends keyof SequenceOptions
        ? UnclearOption<Options> extends never
          ? HasClearIntegers<Options>
          : false
        : false
      : false
  : false;

/** The options beside the integers that need a closer look. */
type UnclearOption<Options extends SequenceOptions> =
  | UnclearOwner<Options[keyof Options & "ownedBy"]>
  | WithNul<Options[keyof Options & "comment"]>
  | InvalidOption<Options, keyof Options & "feeds">
  | LacksOwner<Options>;

type UnclearOwner<Owner> = Owner extends OwningColumn
  ? keyof Owner extends "table" | "column"
    ? DoubtfulName<Owner["table" | "column"]>
    : Owner
  : Owner;

type WithNul<Comment> = Comment extends `${string}\0${string}` ? Comment : never;

type HasClearIntegers<Options> = Options[keyof Options & IntegerOption] extends Integer
  ? bigint extends Options[keyof Options & IntegerOption]
    ? false
    : IsInRange<Options, Oddity<`${Options[keyof Options & IntegerOption]}`>>
  : false;

/** An integer is odd if it is negative or 0, has 16 characters or more, or is written as `0x10` or `007`. */
type Oddity<Text> = Text extends `${bigint}`
  ? Text extends SixteenCharacters | `0${string}` | `-0${string}`
    ? "unclear"
    : Text extends `-${string}`
      ? "negative"
      : never
  : "unclear";

type IsInRange<Options, Oddities> = [Oddities] extends [never]
  ? keyof Options & ("minValue" | "maxValue" | "as" | "mode") extends never
    ? true
    : FitsTogether<Options>
  : [Oddities] extends ["negative"]
    ? Oddity<KnownText<Options[keyof Options & "cache"]>> extends never
      ? FitsTogether<Options>
      : false
    : false;

/** Most have no bounds, or both. */
type FitsTogether<Options> = keyof Options & ("startWith" | "minValue" | "maxValue" | "mode") extends never
  ? true
  : Options extends { readonly mode: "number" } | { readonly as: "smallint" | "integer" }
    ? false
    : keyof Options & ("minValue" | "maxValue") extends never
      ? KnownText<Options[keyof Options & "startWith"]> extends StartByDefault<Options>
        ? true
        : false
      : Options extends { readonly minValue: Integer; readonly maxValue: Integer }
        ? "startWith" extends keyof Options
          ? IsBetween<
              Order<KnownText<Options["minValue"]>, KnownText<Options["startWith"]>>,
              Order<KnownText<Options["startWith"]>, KnownText<Options["maxValue"]>>
            >
          : Order<KnownText<Options["minValue"]>, KnownText<Options["maxValue"]>> extends "below"
            ? true
            : false
        : false;

type IsBetween<AboveMin, BelowMax> = AboveMin extends "below"
  ? BelowMax extends "below" | "same"
    ? true
    : false
  : AboveMin extends "same"
    ? BelowMax extends "below"
      ? true
      : false
    : false;

/** A bigint sequence counts up from 1, or down from -1. No option is 0 here. */
type StartByDefault<Options> = "increment" extends keyof Options
  ? KnownText<Options["increment"]> extends `-${string}`
    ? `-${string}`
    : `${Digit}${string}`
  : `${Digit}${string}`;
