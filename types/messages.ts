/**
 * The messages about a wrong declaration. Each type has a function of the same name in lib/sequence/messages.ts. So the
 * compiler verifies that the editor and the run time use the same words. Each message begins with the sequence's name.
 */
type Printable = string | number | bigint | boolean | null | undefined;

/** A value as a message shows it. */
export type Shown<Value> = Value extends ""
  ? "an empty string"
  : Value extends Printable
    ? `${Value}`
    : Value extends symbol
      ? "a symbol"
      : Value extends (...args: never) => unknown
        ? "a function"
        : "an object";

export type About<Sequence extends string, Problem extends string> = `${Sequence}: ${Problem}`;

export interface Expectations {
  startWith: "an integer";
  increment: "an integer";
  minValue: "an integer";
  maxValue: "an integer";
  cache: "an integer";
  cycle: "true or false";
  as: "smallint, integer or bigint";
  ownedBy: "an object";
  identity: "always or by default";
  feeds: "an object or a list of objects";
  blocks: "upwards or downwards";
  unlogged: "true or false";
  comment: "a string";
  mode: "number, bigint or string";
}

type OptionNames = `${RangeOptionNames}, ${OtherOptionNames}`;
type RangeOptionNames = "startWith, increment, minValue, maxValue, cache, cycle, as";
type OtherOptionNames = "ownedBy, identity, feeds, blocks, unlogged, comment, mode";

export type UnknownOption<Option extends string, Nearest extends string> = [Nearest] extends [never]
  ? `${Option} is not an option; the options are ${OptionNames}`
  : `${Option} is not an option; did you mean ${Nearest}?`;

export type WrongType<
  Subject extends string,
  Expected extends string,
  Given extends string,
> = `${Subject} must be ${Expected}, not ${Given}`;

export type DigitsLost<
  Option extends string,
  Given extends string,
> = `${Option} beyond 2^53-1 must be a bigint or a string, not the number ${Given}, which has lost digits`;

export type Beyond64Bits<Option extends string, Given extends string> = `${Option} ${Given} is beyond 64 bits`;

export type IncrementZero = "increment must not be 0";

export type BelowOne<Option extends string, Given extends string> = `${Option} ${Given} is below 1`;

export type BelowType<
  Option extends string,
  Given extends string,
  Limit extends string,
  Type extends string,
> = `${Option} ${Given} is below ${Limit}, the minimum of ${Type}`;

export type AboveType<
  Option extends string,
  Given extends string,
  Limit extends string,
  Type extends string,
> = `${Option} ${Given} is above ${Limit}, the maximum of ${Type}`;

/** The other side of a comparison: an option that was given, or a default. */
export type Given<Option extends string, Value extends string> = `${Option} ${Value}`;

export type ByDefault<Option extends string, Value extends string> = `${Option} ${Value} (the default)`;

export type Below<Value extends string, Limit extends string> = `${Value} is below ${Limit}`;

export type Above<Value extends string, Limit extends string> = `${Value} is above ${Limit}`;

export type NotBelow<Value extends string, Limit extends string> = `${Value} is not below ${Limit}`;

export type NotAbove<Value extends string, Limit extends string> = `${Value} is not above ${Limit}`;

export type ModeTooNarrow<Limit extends string> = `mode number cannot hold ${Limit}, which is beyond 2^53-1`;

export type NotOwner = "ownedBy must have a table and a column, and nothing else";

export type NotTarget = "feeds must have a table and a column, and may only have a schema beside them";

export type IdentityNeedsOwner = "identity needs ownedBy, the identity column";

export type Empty<Subject extends string> = `${Subject} is empty`;

export type TooLong<Subject extends string, Given extends string> = `${Subject} ${Given} is longer than 63 bytes`;

export type HasNul<Subject extends string> = `${Subject} contains a NUL character`;

export type HasLoneSurrogate<Subject extends string> = `${Subject} contains half a surrogate pair`;
