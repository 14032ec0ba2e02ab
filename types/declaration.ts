import type { IsClear } from "./clear-options.js";
import type { About, IdentityNeedsOwner } from "./messages.js";
import type { DoubtfulName, NameProblem, UnsureName } from "./name-problems.js";
import type { InvalidOption, LacksOwner, ShapeProblem } from "./option-problems.js";
import type { RangeProblem } from "./range-problems.js";

/**
 * The name itself if it is valid, and else the message. No name can be assigned to the message, so the compiler shows
 * it at the argument. Nearly all names are clearly valid. Only the others are examined closely. `NoInfer` spares the
 * compiler the search for `Name` in the messages.
 */
export type CheckedName<Subject extends string, Name extends string> =
  DoubtfulName<Name> extends never ? Name : NoInfer<CloselyCheckedName<Subject, Name>>;

type CloselyCheckedName<Subject extends string, Name extends string> = ["wrong"] extends [
  Known<NameVerdict<Subject, Name>>,
]
  ? NameOrProblem<Subject, Name>
  : Name;

type NameVerdict<Subject extends string, Name extends string> =
  unknown extends NameProblem<Subject, Name> ? "fine" : "wrong";

type NameOrProblem<Subject extends string, Name extends string> = Name extends UnsureName
  ? NameProblem<Subject, Name>
  : Name;

/**
 * In a generic function the compiler evaluates a question with `any` in place of the type parameter, and the verdict is
 * also `any`. It then counts as "fine", so the function can pass on its names and options.
 */
type Known<Verdict> = [Verdict] extends ["fine"] ? "fine" : Verdict;

/**
 * The options themselves if they are valid, and else messages at the properties that are wrong. A few cheap questions
 * accept nearly all options. Only the others are examined closely, because that costs the compiler more.
 */
export type CheckedOptions<Name extends string, Schema, Options> =
  IsClear<Options> extends true ? Options : NoInfer<CloselyCheckedOptions<Name, Schema, Options>>;

type CloselyCheckedOptions<Name extends string, Schema, Options> = ["wrong"] extends [Known<OptionsVerdict<Options>>]
  ? Explained<Options, QualifiedName<Name, Schema>, OptionsProblem<Options>>
  : Options;

type OptionsVerdict<Options> = unknown extends OptionsProblem<Options> ? "fine" : "wrong";

/** The options of a declared sequence; none if they are undefined. */
export type GivenOptions<Options extends object | undefined> = Options extends object ? Options : {};

type QualifiedName<Name extends string, Schema> = Schema extends string ? `${Schema}.${Name}` : Name;

/**
 * The problems of the options: messages by option, or `unknown` if there are none. A union of options has only the
 * problems that all members share.
 */
type OptionsProblem<Options> = Options extends unknown
  ? InvalidOption<Options> extends never
    ? LacksOwner<Options> extends never
      ? RangeProblem<Options>
      : { identity: IdentityNeedsOwner }
    : { [Option in InvalidOption<Options>]: ShapeProblem<Option, Options[Option]> }
  : never;

type Explained<Options, Sequence extends string, Problems> = {
  readonly [Option in keyof Options]: Option extends keyof Problems
    ? Problems[Option] extends string
      ? About<Sequence, Problems[Option]>
      : Explained<Options[Option], Sequence, Problems[Option]>
    : unknown;
};
