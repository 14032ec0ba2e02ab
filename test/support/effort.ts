const effort = process.env["NEXTVAL_LONG"];

/** Whether files named `*.long.test.ts` run: in `npm run test:long` and in the matrix, which has no other long part. */
export const HAS_LONG_FILES = effort !== undefined;

/** Whether this is `npm run test:long`. */
export const IS_LONG = effort === "all";

/** How many cases a random test has: so many in an ordinary run, twenty times as many in a long one. */
export function cases(ordinary: number): number {
  return IS_LONG ? ordinary * 20 : ordinary;
}
