import { describe, type SuiteAPI, test, type TestAPI } from "vitest";
import { HAS_LONG_FILES } from "./effort.js";

/** What takes the place of tests that are not to run: they are not even counted as skipped. */
const NOTHING = Object.assign(() => {}, { each: () => () => {}, skipIf: () => () => {} });

/**
 * `test` for what an ordinary run can do without: another variation of what the tests beside it hold, races, sizes. It
 * runs with the files named `*.long.test.ts`, and shares the helpers of its file.
 */
export const longTest = (HAS_LONG_FILES ? test : NOTHING) as TestAPI;

/** `describe` for such tests. */
export const longDescribe = (HAS_LONG_FILES ? describe : NOTHING) as SuiteAPI;
