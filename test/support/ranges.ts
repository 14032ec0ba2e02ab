import type { CloseResult } from "nextval/allocate";

/** `range(3, 5)` is `[3n, 4n, 5n]`. */
export function range(first: number, last: number): bigint[] {
  return Array.from({ length: last - first + 1 }, (_, index) => BigInt(first + index));
}

/** What `close` returns if these values are unused. */
export function unused(first: number, last: number): CloseResult<bigint> {
  return { count: last - first + 1, unused: [{ first: BigInt(first), last: BigInt(last), step: 1n }] };
}

/** All unused values. Fails if `close` has counted them wrong. */
export function valuesOf({ count, unused: ranges }: CloseResult<bigint>): bigint[] {
  const values = ranges.flatMap(({ first, last, step }) =>
    Array.from({ length: Number((last - first) / step) + 1 }, (_, index) => first + BigInt(index) * step),
  );
  if (values.length !== count) throw new Error(`${count} unused values were reported as ${values.length}`);
  return values;
}
