import type { About } from "./messages.js";
import type { NameProblem } from "./names.js";
import type { SequenceOptions } from "./options.js";
import type { RangeProblem } from "./range.js";
import type { Misshapen, ShapeProblem } from "./shape.js";

/**
 * The name itself if it is fine, else the message, which no name can be assigned to: so the compiler shows the message at
 * the argument.
 */
export type CheckedName<Subject extends string, Name extends string> =
  unknown extends NameProblem<Subject, Name> ? Name : NameProblem<Subject, Name>;

/** The options themselves if they are fine, else the messages at the properties that they are about. */
export type CheckedOptions<Name extends string, Schema, Options> =
  unknown extends OptionsProblem<Options> ? Options : Say<QualifiedName<Name, Schema>, OptionsProblem<Options>>;

export type QualifiedName<Name extends string, Schema> = Schema extends string ? `${Schema}.${Name}` : Name;

/** What is wrong with the options: messages by option, else `unknown`. For a union of options, only what all have wrong. */
type OptionsProblem<Options> = Options extends unknown
  ? [Misshapen<Options>] extends [never]
    ? RangeProblem<Options>
    : { [Option in Misshapen<Options>]: ShapeProblem<Option, Options[Option]> }
  : never;

type Say<Sequence extends string, Problems> = {
  readonly [Option in keyof Problems]: Problems[Option] extends string
    ? About<Sequence, Problems[Option]>
    : Say<Sequence, Problems[Option]>;
};

/**
 * What an editor offers inside the braces. Each type also takes any text, so that a property with a message in place of its
 * type still has a type: `boolean & "order_seq: ..."` would be `never`, and the message would be lost.
 */
export type OfferedOptions = { readonly [Option in keyof SequenceOptions]: SequenceOptions[Option] | (string & {}) };
