import type { SequenceType, ValueMode } from "./sequence-options.js";

interface ValueOfMode {
  number: number;
  bigint: bigint;
  string: string;
}

interface ModeOfType {
  smallint: "number";
  integer: "number";
  bigint: "bigint";
}

/**
 * The JavaScript type of a sequence's values. If the options are not known literally, it is the union of all possible
 * types.
 */
export type ValueOfOptions<Options> = Options extends unknown
  ? ValueOfMode[ModeOf<OptionOf<Options, "mode">, OptionOf<Options, "as">>]
  : never;

type OptionOf<Options, Option> = Option extends keyof Options ? Options[Option] : undefined;

type ModeOf<Mode, As> = Mode extends undefined
  ? As extends undefined
    ? "bigint"
    : ModeOfType[As extends SequenceType ? As : SequenceType]
  : Mode extends ValueMode
    ? Mode
    : ValueMode;
