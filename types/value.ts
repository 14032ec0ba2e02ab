import type { SequenceType, ValueMode } from "./options.js";

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

/** The JavaScript type of a sequence's values; where the options are not known literally, all that it may be. */
export type ValueOfOptions<Options> = ValueOfMode[ModeOf<
  Options extends { readonly mode?: infer Mode } ? Mode : undefined,
  Options extends { readonly as?: infer As } ? As : undefined
>];

type ModeOf<Mode, As> = Mode extends ValueMode ? Mode : ModeOfType[As extends SequenceType ? As : "bigint"];
