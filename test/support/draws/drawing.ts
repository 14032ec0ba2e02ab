import { pgSequence } from "nextval";

/** The sequences that every program of draw-programs.ts draws from. */
export const orderSeq = pgSequence("order_seq", { minValue: 1000, maxValue: 10_000_000 });
export const blockSeq = pgSequence("block_seq", {
  increment: 50,
  minValue: -9_999_999,
  startWith: -9_999_999,
  maxValue: -1,
});

export const WAYS = ["nextval", "nextvals", "allocator", "blockAllocator"] as const;
export type Way = (typeof WAYS)[number];

/** The task of a program: a number of ids in each way, or small pieces until it gets a message. */
export interface Task {
  readonly url: string;
  /** Undefined: until it gets a message. */
  readonly count: number | undefined;
}

/** The messages of a program: its progress, about every second draw, and all ids at the end. */
export type Report =
  | { readonly kind: "progress" }
  | {
      readonly kind: "done";
      readonly ids: Readonly<Record<Way, BigInt64Array>>;
      /** The errors of failed calls, with their counts. */
      readonly failures: ReadonlyMap<string, number>;
      /** Calls that were not answered within their time. */
      readonly hung: readonly string[];
      /** Failures that are not errors. */
      readonly strange: readonly string[];
    };
