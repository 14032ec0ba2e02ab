import type { ValueMode } from "../../../types/sequence-options.js";

type Fill = (values: unknown[], from: number, end: number, first: bigint, step: bigint) => void;

/**
 * Writes values at equal distances into the places `from` to `end` - 1 of an array, each in the type of its mode. Every
 * value fits into 64 bits, and in mode "number" into 2^53-1. There is a loop per type, because V8 compiles each for one
 * kind of value.
 */
export const fillValues: Readonly<Record<ValueMode, Fill>> = {
  bigint(values, from, end, first, step) {
    // Cut to 64 bits, the sum is one instruction of the processor.
    for (let at = from, value = first; at < end; at++, value = BigInt.asIntN(64, value + step)) values[at] = value;
  },
  number(values, from, end, first, step) {
    const increment = Number(step);
    for (let at = from, value = Number(first); at < end; at++, value += increment) values[at] = value;
  },
  string(values, from, end, first, step) {
    for (let at = from, value = first; at < end; at++, value += step) values[at] = `${value}`;
  },
};
