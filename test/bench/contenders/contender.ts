/** The queries that are built. */
export const CASES = ["3 scalars", "splice", "nested", "100 rows", "10 deep"] as const;

export type Case = (typeof CASES)[number];

/** Builds the query of a case. `seed` is one of its values, so no two calls are the same. */
export type Build = (seed: number) => object;

/** A way to build the queries of the cases. */
export interface Contender {
  readonly name: string;
  /** Under which names a built query has its text and its values. */
  readonly text: string;
  readonly values: string;
  readonly cases: { readonly [Name in Case]?: Build };
}

/** The rows of the case "100 rows". */
export const ROWS = Array.from({ length: 100 }, (_, index) => ({
  id: index,
  name: `item ${index}`,
  ok: index % 2 === 0,
}));
