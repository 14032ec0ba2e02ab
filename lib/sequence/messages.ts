import type * as Message from "../../types/messages.js";

/*
 * Each function returns the type of its wording in types/messages.ts. So the messages of the compiler and of the run
 * time cannot drift apart.
 */

export const shown = (value: unknown): string =>
  value === ""
    ? "an empty string"
    : typeof value === "symbol" || typeof value === "function"
      ? `a ${typeof value}`
      : typeof value === "object" && value !== null
        ? "an object"
        : typeof value === "bigint" && BigInt.asIntN(MAX_SHOWN, value) !== value
          ? `a bigint of more than ${MAX_SHOWN} bits`
          : shortened(String(value));

/** Shortens a quoted text, because it can have any length. */
export const shortened = (text: string): string =>
  text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}... (${text.length} characters)` : text;

const MAX_SHOWN = 200;

export const about = <Sequence extends string, Problem extends string>(
  sequence: Sequence,
  problem: Problem,
): Message.About<Sequence, Problem> => `${sequence}: ${problem}`;

const integer = "an integer";
const boolean = "true or false";

/** The values that each option accepts, in words. The keys are the list of options. */
export const expectations: Message.Expectations = {
  startWith: integer,
  increment: integer,
  minValue: integer,
  maxValue: integer,
  cache: integer,
  cycle: boolean,
  as: "smallint, integer or bigint",
  ownedBy: "an object",
  identity: "always or by default",
  feeds: "an object or a list of objects",
  blocks: "upwards or downwards",
  unlogged: boolean,
  comment: "a string",
  mode: "number, bigint or string",
};

export const wrongType = <Subject extends string, Expected extends string, Given extends string>(
  subject: Subject,
  expected: Expected,
  given: Given,
): Message.WrongType<Subject, Expected, Given> => `${subject} must be ${expected}, not ${given}`;

export const digitsLost = <Option extends string, Given extends string>(
  option: Option,
  given: Given,
): Message.DigitsLost<Option, Given> =>
  `${option} beyond 2^53-1 must be a bigint or a string, not the number ${given}, which has lost digits`;

export const beyond64Bits = <Option extends string, Given extends string>(
  option: Option,
  given: Given,
): Message.Beyond64Bits<Option, Given> => `${option} ${given} is beyond 64 bits`;

export const incrementZero: Message.IncrementZero = "increment must not be 0";

export const belowOne = <Option extends string, Given extends string>(
  option: Option,
  given: Given,
): Message.BelowOne<Option, Given> => `${option} ${given} is below 1`;

export const belowType = <Option extends string, Given extends string, Limit extends string, Type extends string>(
  option: Option,
  given: Given,
  limit: Limit,
  type: Type,
): Message.BelowType<Option, Given, Limit, Type> => `${option} ${given} is below ${limit}, the minimum of ${type}`;

export const aboveType = <Option extends string, Given extends string, Limit extends string, Type extends string>(
  option: Option,
  given: Given,
  limit: Limit,
  type: Type,
): Message.AboveType<Option, Given, Limit, Type> => `${option} ${given} is above ${limit}, the maximum of ${type}`;

export const given = <Option extends string, Value extends string>(
  option: Option,
  value: Value,
): Message.Given<Option, Value> => `${option} ${value}`;

export const byDefault = <Option extends string, Value extends string>(
  option: Option,
  value: Value,
): Message.ByDefault<Option, Value> => `${option} ${value} (the default)`;

export const below = <Value extends string, Limit extends string>(
  value: Value,
  limit: Limit,
): Message.Below<Value, Limit> => `${value} is below ${limit}`;

export const above = <Value extends string, Limit extends string>(
  value: Value,
  limit: Limit,
): Message.Above<Value, Limit> => `${value} is above ${limit}`;

export const notBelow = <Value extends string, Limit extends string>(
  value: Value,
  limit: Limit,
): Message.NotBelow<Value, Limit> => `${value} is not below ${limit}`;

export const notAbove = <Value extends string, Limit extends string>(
  value: Value,
  limit: Limit,
): Message.NotAbove<Value, Limit> => `${value} is not above ${limit}`;

export const modeTooNarrow = <Limit extends string>(limit: Limit): Message.ModeTooNarrow<Limit> =>
  `mode number cannot hold ${limit}, which is beyond 2^53-1`;

export const notOwner: Message.NotOwner = "ownedBy must have a table and a column, and nothing else";

export const notTarget: Message.NotTarget =
  "feeds must have a table and a column, and may only have a schema beside them";

export const identityNeedsOwner: Message.IdentityNeedsOwner = "identity needs ownedBy, the identity column";

export const empty = <Subject extends string>(subject: Subject): Message.Empty<Subject> => `${subject} is empty`;

export const tooLong = <Subject extends string, Name extends string>(
  subject: Subject,
  name: Name,
): Message.TooLong<Subject, Name> => `${subject} ${name} is longer than 63 bytes`;

export const hasNul = <Subject extends string>(subject: Subject): Message.HasNul<Subject> =>
  `${subject} contains a NUL character`;

export const hasLoneSurrogate = <Subject extends string>(subject: Subject): Message.HasLoneSurrogate<Subject> =>
  `${subject} contains half a surrogate pair`;
