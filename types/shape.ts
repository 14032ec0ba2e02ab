import type { IsInt64, IsSafe, SixteenCharacters } from "./integers.js";
import type {
  BelowOne,
  Beyond64Bits,
  DigitsLost,
  Expectations,
  HasNul,
  IncrementZero,
  NotOwner,
  Shown,
  UnknownOption,
  WrongType,
} from "./messages.js";
import type { NameProblem } from "./names.js";
import type { Integer, SequenceOptions } from "./options.js";

/**
 * `true` for options of which each by itself is fine beyond doubt, as nearly all are. It asks little of the compiler: a few
 * questions for all options together. `false` means no more than that each needs a closer look.
 */
export type IsPlain<Options> = Options extends SequenceOptions
  ? [keyof Options] extends [keyof SequenceOptions]
    ? Options extends NeedsCloserLook
      ? false
      : keyof Options & IntegerOption extends never
        ? true
        : Options[keyof Options & IntegerOption] extends infer Value extends Integer
          ? [`${Value}`] extends [`${bigint}`]
            ? [Doubtful<`${Value}`>] extends [never]
              ? true
              : false
            : false
          : false
    : false
  : false;

type IntegerOption = "startWith" | "increment" | "minValue" | "maxValue" | "cache";

type NeedsCloserLook =
  | { readonly increment: 0 | 0n | "0" }
  | { readonly ownedBy: object }
  | { readonly comment: string };

/** Long, or written as nobody would: `0x10`, `007`, `-0`. */
type Doubtful<Text> = Text extends SixteenCharacters | `0${any}${string}` | `-0${string}` ? Text : never;

/** The options that are wrong whatever the others are. */
export type Misshapen<Options> = {
  [Option in keyof Options]-?: unknown extends ShapeProblem<Option, Options[Option]> ? never : Option;
}[keyof Options];

/**
 * What is wrong with an option by itself: a message, or messages by property for `ownedBy`, else `unknown`. A union is wrong
 * only if each of its members is: `unknown` swallows the messages of the others.
 */
export type ShapeProblem<Option, Value> = Value extends undefined
  ? unknown
  : Option extends IntegerOption
    ? IntegerProblem<Option, Value>
    : Option extends "ownedBy"
      ? OwnerProblem<Value>
      : Option extends keyof Expectations
        ? Value extends SequenceOptions[Option]
          ? Option extends "comment"
            ? Value extends `${string}\0${string}`
              ? HasNul<Option>
              : unknown
            : unknown
          : // A `string` may turn out to be one of the allowed ones.
            string extends Value
            ? SequenceOptions[Option] extends string | undefined
              ? unknown
              : WrongType<Option, Expectations[Option], Shown<Value>>
            : WrongType<Option, Expectations[Option], Shown<Value>>
        : string extends Option
          ? unknown
          : Option extends string
            ? UnknownOption<Option>
            : unknown;

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
    : WrongType<Option, Expectations[Option], Shown<Value>>;

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
    : NoInteger<Option, Text>
  : NoInteger<Option, Text>;

/** A text that the compiler does not know, or knows in part only, may turn out to be an integer. */
type NoInteger<Option extends keyof Expectations, Text extends string> =
  {} extends Record<Text, 1> ? unknown : WrongType<Option, Expectations[Option], Shown<Text>>;

type OwnerProblem<Value> = Value extends { readonly table: infer Table; readonly column: infer Column }
  ? [keyof Value] extends ["table" | "column"]
    ? unknown extends OwnerNameProblem<"ownedBy.table", Table>
      ? unknown extends OwnerNameProblem<"ownedBy.column", Column>
        ? unknown
        : { column: OwnerNameProblem<"ownedBy.column", Column> }
      : { table: OwnerNameProblem<"ownedBy.table", Table> }
    : NotOwner
  : Value extends object
    ? NotOwner
    : WrongType<"ownedBy", Expectations["ownedBy"], Shown<Value>>;

type OwnerNameProblem<Subject extends string, Name> = Name extends string
  ? NameProblem<Subject, Name>
  : WrongType<Subject, "a string", Shown<Name>>;
