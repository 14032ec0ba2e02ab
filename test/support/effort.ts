const effort = process.env["NEXTVAL_LONG"];

/** Whether files named `*.long.test.ts` run: in `npm run test:long` and in the matrix, which has no other long part. */
export const HAS_LONG_FILES = effort !== undefined;

/** Whether this is `npm run test:long`. */
export const IS_LONG = effort === "all";

/** Ordinary runs repeat the same choices, so that a change is judged by its own faults. A long one makes new ones. */
const ORDINARY_SEED = 20_261_127;

/** The seed of the first random choice. `NEXTVAL_SEED` states it. */
export function firstSeed(): number {
  return Number(process.env["NEXTVAL_SEED"] ?? (IS_LONG ? Date.now() % 2 ** 31 : ORDINARY_SEED));
}

/** How many cases a random test has: so many in an ordinary run, twenty times as many in a long one. */
export function cases(ordinary: number): number {
  return IS_LONG ? ordinary * 20 : ordinary;
}

/** A test with cases that cost much. Ordinary runs have the first ones, which stand for the others; long ones all. */
export function withLong<Case>(ordinary: readonly Case[], long: readonly Case[]): readonly Case[] {
  return HAS_LONG_FILES ? [...ordinary, ...long] : ordinary;
}

/** The first cases of a test, which stand for the others. Long runs have all. */
export function first<const Case>(count: number, all: readonly Case[]): readonly Case[] {
  return HAS_LONG_FILES ? all : all.slice(0, count);
}

/** The settings of fast-check for so many cases. */
export function runs(ordinary: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: cases(ordinary), seed: firstSeed() };
}
