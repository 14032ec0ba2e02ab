import type { Digit, KnownText, Order } from "./integers.js";
import type { Integer } from "./sequence-options.js";

/**
 * `true` if the options clearly fit together, as nearly all do: those without bounds, or with both. The question costs
 * the compiler little. `false` only means that they need a closer look. The options have passed `PassesFastCheck`.
 */
export type IsInRange<Options> = keyof Options & ("as" | "mode") extends never
  ? WithinBigint<Options>
  : Options extends HasNarrowMode
    ? false
    : WithinBigint<Options>;

type HasNarrowMode = { readonly mode: "number" } | { readonly as: "smallint" | "integer" };

type WithinBigint<Options> = keyof Options & ("minValue" | "maxValue") extends never
  ? "startWith" extends keyof Options
    ? KnownText<Options["startWith"]> extends StartByDefault<Options>
      ? true
      : false
    : true
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

/** A bigint sequence counts up from 1, or down from -1. Plain options have no 0. */
type StartByDefault<Options> = "increment" extends keyof Options
  ? KnownText<Options["increment"]> extends `-${string}`
    ? `-${string}`
    : `${Digit}${string}`
  : `${Digit}${string}`;
