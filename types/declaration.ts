import type { About } from "./messages.js";
import type { NameProblem, NeedsCloserLook } from "./name-problems.js";
import type { IsPlain, Misshapen, ShapeProblem } from "./option-problems.js";
import type { IsInRange } from "./range-fast-path.js";
import type { RangeProblem } from "./range-problems.js";

/**
 * The name itself if it is fine, else the message, which no name can be assigned to: so the compiler shows the message at
 * the argument.
 */
export type CheckedName<Subject extends string, Name extends string> = ["wrong"] extends [NameVerdict<Subject, Name>]
  ? NameOrProblem<Subject, Name>
  : Name;

/**
 * The compiler asks the question at a type parameter with `any` in its place. The answer is "fine" there, so that a function
 * with a generic name can pass it on.
 */
type NameVerdict<Subject extends string, Name extends string> = [Name] extends [0]
  ? "fine"
  : Name extends NeedsCloserLook
    ? unknown extends NameProblem<Subject, Name>
      ? "fine"
      : "wrong"
    : "fine";

type NameOrProblem<Subject extends string, Name extends string> = Name extends NeedsCloserLook
  ? unknown extends NameProblem<Subject, Name>
    ? Name
    : NameProblem<Subject, Name>
  : Name;

/**
 * The options themselves if they are fine, else the messages at the properties that they are about. Nearly all are fine
 * beyond doubt, which a few questions find out; only the others are looked at closely.
 */
export type CheckedOptions<Name extends string, Schema, Options> =
  IsFine<Options> extends true
    ? Options
    : unknown extends OptionsProblem<Options>
      ? Options
      : Explained<Options, QualifiedName<Name, Schema>, OptionsProblem<Options>>;

type IsFine<Options> = IsPlain<Options> extends true ? IsInRange<Options> : false;

type QualifiedName<Name extends string, Schema> = Schema extends string ? `${Schema}.${Name}` : Name;

/** What is wrong with the options: messages by option, else `unknown`. For a union of options, only what all have wrong. */
type OptionsProblem<Options> = Options extends unknown
  ? Misshapen<Options> extends never
    ? RangeProblem<Options>
    : { [Option in Misshapen<Options>]: ShapeProblem<Option, Options[Option]> }
  : never;

type Explained<Options, Sequence extends string, Problems> = {
  readonly [Option in keyof Options]: Option extends keyof Problems
    ? Problems[Option] extends string
      ? About<Sequence, Problems[Option]>
      : Explained<Options[Option], Sequence, Problems[Option]>
    : unknown;
};
