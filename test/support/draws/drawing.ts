import { pgSequence } from "nextval";

/** What every program that is started from draw-programs.ts draws from. */
export const orderSeq = pgSequence("order_seq", { minValue: 1000, maxValue: 10_000_000 });
export const blockSeq = pgSequence("block_seq", {
  increment: 50,
  minValue: -9_999_999,
  startWith: -9_999_999,
  maxValue: -1,
});

export const WAYS = ["nextval", "nextvals", "allocator", "blockAllocator"] as const;
export type Way = (typeof WAYS)[number];

/** What a program is told to do: to draw so many ids in each way, or in small pieces until it hears anything. */
export interface Task {
  readonly url: string;
  /** Undefined: until it hears anything. */
  readonly count: number | undefined;
}

/** What a program says: how far it has come, every second draw or so, and at the end all of it. */
export type Report =
  | { readonly kind: "progress" }
  | {
      readonly kind: "done";
      readonly ids: Readonly<Record<Way, BigInt64Array>>;
      /** What each failed call failed with, and how often. */
      readonly failures: ReadonlyMap<string, number>;
      /** Calls that were not answered within their time. */
      readonly hung: readonly string[];
      /** Failures that are no errors. */
      readonly strange: readonly string[];
    };
