import type { IsInt64, IsSafe } from "./integers.js";
import type {
  BelowOne,
  Beyond64Bits,
  DigitsLost,
  Expectations,
  HasNul,
  IncrementZero,
  NotOwner,
  NotTarget,
  Shown,
  UnknownOption,
  WrongType,
} from "./messages.js";
import type { NameProblem } from "./name-problems.js";
import type { NearestOption } from "./nearest-option.js";
import type { Integer, SequenceOptions } from "./sequence-options.js";

export type IntegerOption = "startWith" | "increment" | "minValue" | "maxValue" | "cache";

/** `"identity"` if it is given without an owner, or else `never`. */
export type LacksOwner<Options> = Options extends { readonly identity: string }
  ? Options extends { readonly ownedBy?: infer Owner }
    ? [Owner] extends [undefined]
      ? "identity"
      : never
    : "identity"
  : never;

/** The options that are wrong by themselves, whatever the others are. */
export type InvalidOption<Options, Option extends keyof Options = keyof Options> = Option extends unknown
  ? unknown extends ShapeProblem<Option, Options[Option]>
    ? never
    : Option
  : never;

/**
 * The problem of one option by itself: a message, or messages by property for a column, or `unknown` if there is none.
 */
export type ShapeProblem<Option, Value> = Option extends keyof Expectations
  ? [Value] extends [Accepted[Option] | undefined]
    ? ValueProblem<Option, Value>
    : WrongType<Option, Expectations[Option], Shown<Exclude<Value, Accepted[Option] | undefined>>>
  : string extends Option
    ? unknown
    : Option extends string
      ? UnknownOption<Option, NearestOption<Option>>
      : unknown;

/** The accepted types. A `string` may turn out to be one of the allowed values. */
interface Accepted {
  startWith: Integer;
  increment: Integer;
  minValue: Integer;
  maxValue: Integer;
  cache: Integer;
  cycle: boolean;
  as: string;
  ownedBy: object;
  identity: string;
  feeds: object;
  blocks: string;
  unlogged: boolean;
  comment: string;
  mode: string;
}

/** A union is wrong only if all of its members are: `unknown` absorbs the messages of the others. */
type ValueProblem<Option extends keyof Expectations, Value> = Value extends undefined | boolean
  ? unknown
  : Option extends IntegerOption
    ? IntegerProblem<Option, Value>
    : Option extends "ownedBy"
      ? OwnerProblem<Value>
      : Option extends "feeds"
        ? FeedsProblem<Value>
        : Option extends "comment"
          ? Value extends `${string}\0${string}`
            ? HasNul<Option>
            : unknown
          : Value extends SequenceOptions[Option]
            ? unknown
            : {} extends Record<Value & string, 1>
              ? unknown
              : WrongType<Option, Expectations[Option], Shown<Value>>;

type IntegerProblem<Option extends keyof Expectations, Value> = Value extends number
  ? number extends Value
    ? unknown
    : `${Value}` extends `${string}e+${string}`
      ? DigitsLost<Option, `${Value}`>
      : IsSafe<`${Value}`> extends true
        ? TextProblem<Option, `${Value}`>
        : DigitsLost<Option, `${Value}`>
  : Value extends bigint | string
    ? TextProblem<Option, `${Value}`>
    : never;

type TextProblem<Option extends keyof Expectations, Text extends string> = Text extends `${infer Known extends bigint}`
  ? `${Known}` extends Text
    ? IsInt64<Text> extends true
      ? Option extends "increment"
        ? Text extends "0"
          ? IncrementZero
          : unknown
        : Option extends "cache"
          ? Text extends "0" | `-${string}`
            ? BelowOne<Option, Text>
            : unknown
          : unknown
      : Beyond64Bits<Option, Text>
    : NotAnInteger<Option, Text>
  : NotAnInteger<Option, Text>;

/** A text that the compiler knows only in part, or not at all, may turn out to be an integer. */
type NotAnInteger<Option extends keyof Expectations, Text extends string> =
  {} extends Record<Text, 1> ? unknown : WrongType<Option, Expectations[Option], Shown<Text>>;

type OwnerProblem<Value> = Value extends { readonly table: infer Table; readonly column: infer Column }
  ? keyof Value extends "table" | "column"
    ? ColumnProblem<"ownedBy", Table, Column>
    : NotOwner
  : NotOwner;

type ColumnProblem<Option extends "ownedBy" | "feeds", Table, Column> =
  unknown extends PartProblem<`${Option}.table`, Table>
    ? unknown extends PartProblem<`${Option}.column`, Column>
      ? unknown
      : { column: PartProblem<`${Option}.column`, Column> }
    : { table: PartProblem<`${Option}.table`, Table> };

/** A list has one message for all of its columns. */
type FeedsProblem<Value> = Value extends readonly (infer Target)[]
  ? unknown extends Target
    ? unknown
    : [TargetMessage<Target>] extends [never]
      ? unknown
      : TargetMessage<Target>
  : TargetProblem<Value>;

/** The messages of the columns that are wrong. */
type TargetMessage<Target> = Target extends unknown
  ? TargetProblem<Target> extends infer Problem
    ? unknown extends Problem
      ? never
      : Problem extends string
        ? Problem
        : Problem[keyof Problem]
    : never
  : never;

type TargetProblem<Value> = Value extends { readonly table: infer Table; readonly column: infer Column }
  ? keyof Value extends "schema" | "table" | "column"
    ? Value extends { readonly schema: infer Schema }
      ? Schema extends undefined
        ? ColumnProblem<"feeds", Table, Column>
        : unknown extends PartProblem<"feeds.schema", Schema>
          ? ColumnProblem<"feeds", Table, Column>
          : { schema: PartProblem<"feeds.schema", Schema> }
      : ColumnProblem<"feeds", Table, Column>
    : NotTarget
  : NotTarget;

type PartProblem<Subject extends string, Name> = Name extends string
  ? NameProblem<Subject, Name>
  : WrongType<Subject, "a string", Shown<Name>>;
