import type { ValueMode } from "../../../types/sequence-options.js";
import { NextvalError } from "../../errors.js";
import type { Parse } from "./array-text.js";

/** Returns the reader of `int8` columns that arrive as the given type. */
export const int8Readers: Readonly<Record<ValueMode, Parse>> = {
  bigint: BigInt,
  string: (text) => text,
  number(text) {
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value;
    throw new NextvalError(
      "UNEXPECTED_VALUE",
      `an int8 column holds ${text}, which a number cannot hold exactly. The statement has run.`,
      { hint: 'Bind the client with int8: "bigint" or int8: "string".' },
    );
  },
};
