import type { IsSafe, Order, TextOf } from "./integers.js";
import type {
  Above,
  AboveType,
  Below,
  BelowType,
  ByDefault,
  Given,
  ModeTooNarrow,
  NotAbove,
  NotBelow,
} from "./messages.js";
import type { SequenceType } from "./sequence-options.js";

interface Limits {
  smallint: { min: "-32768"; max: "32767" };
  integer: { min: "-2147483648"; max: "2147483647" };
  bigint: { min: "-9223372036854775808"; max: "9223372036854775807" };
}

type ValueAt<Options, Option> = Option extends keyof Options ? Options[Option] : undefined;

type IsGiven<Options, Option> = ValueAt<Options, Option> extends undefined ? false : true;

type Bound<Options, Option extends string, Value extends string> =
  IsGiven<Options, Option> extends true ? Given<Option, Value> : ByDefault<Option, Value>;

/**
 * The problems between options that are each valid by themselves: a message by option, or `unknown` if there are none.
 */
export type RangeProblem<Options> = keyof Options & ("startWith" | "minValue" | "maxValue" | "mode") extends never
  ? unknown
  : RangeWithin<Options, TypeOf<ValueAt<Options, "as">>, TextOf<ValueAt<Options, "increment">, "1">>;

type TypeOf<As> = unknown extends As
  ? SequenceType
  : As extends undefined
    ? "bigint"
    : As extends SequenceType
      ? As
      : SequenceType;

/** Source of the defaults: "CREATE SEQUENCE". An unknown increment may have either sign. */
type RangeWithin<Options, Type extends SequenceType, Increment extends string> = TypeProblem<
  Options,
  Type,
  TextOf<ValueAt<Options, "minValue">, DefaultFor<Increment, "1", Limits[Type]["min"]>>,
  TextOf<ValueAt<Options, "maxValue">, DefaultFor<Increment, Limits[Type]["max"], "-1">>
>;

type DefaultFor<
  Increment extends string,
  Ascending extends string,
  Descending extends string,
> = Increment extends `-${string}` ? Descending : string extends Increment ? string : Ascending;

type TypeProblem<Options, Type extends SequenceType, Min extends string, Max extends string> = [Type] extends ["bigint"]
  ? BoundsProblem<Options, Min, Max>
  : unknown extends OutOfType<"minValue", Min, Type>
    ? unknown extends OutOfType<"maxValue", Max, Type>
      ? BoundsProblem<Options, Min, Max>
      : { maxValue: OutOfType<"maxValue", Max, Type> }
    : { minValue: OutOfType<"minValue", Min, Type> };

type OutOfType<Option extends string, Value extends string, Type extends SequenceType> = Type extends SequenceType
  ? Order<Value, Limits[Type]["min"]> extends "below"
    ? BelowType<Option, Value, Limits[Type]["min"], Type>
    : Order<Value, Limits[Type]["max"]> extends "above"
      ? AboveType<Option, Value, Limits[Type]["max"], Type>
      : unknown
  : never;

type BoundsProblem<Options, Min extends string, Max extends string> = keyof Options &
  ("minValue" | "maxValue") extends never
  ? StartProblem<Options, Min, Max>
  : Order<Min, Max> extends "same" | "above"
    ? IsGiven<Options, "minValue"> extends true
      ? { minValue: NotBelow<Given<"minValue", Min>, Bound<Options, "maxValue", Max>> }
      : { maxValue: NotAbove<Given<"maxValue", Max>, ByDefault<"minValue", Min>> }
    : StartProblem<Options, Min, Max>;

type StartProblem<Options, Min extends string, Max extends string> = Options extends { readonly startWith: infer Start }
  ? StartWithin<Options, TextOf<Start, string>, Min, Max>
  : ModeProblem<Options, Min, Max>;

type StartWithin<Options, Start extends string, Min extends string, Max extends string> =
  Order<Start, Min> extends "below"
    ? { startWith: Below<Given<"startWith", Start>, Bound<Options, "minValue", Min>> }
    : Order<Start, Max> extends "above"
      ? { startWith: Above<Given<"startWith", Start>, Bound<Options, "maxValue", Max>> }
      : ModeProblem<Options, Min, Max>;

/** Every value of the sequence must fit, not only the next one. */
type ModeProblem<
  Options,
  Min extends string,
  Max extends string,
  Mode = ValueAt<Options, "mode">,
> = Mode extends "number"
  ? IsSafe<Max> extends false
    ? { mode: ModeTooNarrow<Bound<Options, "maxValue", Max>> }
    : IsSafe<Min> extends false
      ? { mode: ModeTooNarrow<Bound<Options, "minValue", Min>> }
      : unknown
  : unknown;
