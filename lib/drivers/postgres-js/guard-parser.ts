import type { Parse } from "../../handle/values/array-text.js";
import { parseBytes } from "./bytes-text.js";

/** The driver's own parsers that never throw, whatever the server sends. */
const HARMLESS = new Set(["x => +x", "x => JSON.parse(x)", "x => x === 't'"]);

const guards = new WeakMap<Parse, boolean>();

/**
 * Catches what a parser throws. In the driver (postgres.js 3.4.9), the statement would fail before its answer has
 * arrived. With a cursor, every later answer on the connection would go to the wrong statement.
 */
export function guarded(parse: Parse | undefined, fail: (error: unknown) => void): Parse | undefined {
  if (parse === undefined || parse === BigInt || parse === parseBytes) return parse;
  let isNeeded = guards.get(parse);
  if (isNeeded === undefined) guards.set(parse, (isNeeded = !HARMLESS.has(String(parse))));
  return isNeeded ? caught(parse, fail) : parse;
}

function caught(parse: Parse, fail: (error: unknown) => void): Parse {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      fail(error);
      return undefined;
    }
  };
}
