import { beginOf, countValuesFrom } from "../../server/usable-range.js";
import { counted } from "../figures.js";
import type { Finding } from "./findings.js";
import type { Context, Measurements } from "./problem-context.js";

/** With more values than this for each row, most values were burned. */
const MIN_VALUES_PER_ROW = 20n;

/** A table counts as one with at least this many rows, because small tables say little. */
const MIN_ROWS = 100n;

/** From this share of the range on, as one in so many, burned values matter. */
const MIN_SHARE_ONE_IN = 4n;

/**
 * Reports a sequence that is far beyond the number of rows in its columns. If other code may draw from it, the rows
 * that this code fills are unknown, so it is only information.
 */
export function burned(measured: Measurements, { sequence, range, fed }: Context): Finding[] {
  const { nextValue, increment, rows, cycles } = measured;
  const { options, namedIn, isReferenced } = sequence;
  if (nextValue === null || rows === null || cycles) return [];
  const begin = beginOf(options.startWith, nextValue, increment, range);
  const used = (nextValue - begin) / increment;
  const total = countValuesFrom(increment > 0n ? range.least : range.greatest, range, increment);
  if (used * MIN_SHARE_ONE_IN < total) return [];
  const least = rows < MIN_ROWS ? MIN_ROWS : rows;
  // A value of blocks stands for as many ids as its increment.
  const size = fed.some(({ blocks }) => blocks !== null) ? (increment > 0n ? increment : -increment) : 1n;
  const ids = used * size;
  if (ids <= least * MIN_VALUES_PER_ROW) return [];
  const ratio = `counting deleted ones${rows === 0n ? "" : `: ${counted(ids / rows)} for each`}`;
  return [
    {
      code: "IDS_BURNED",
      level: isReferenced || namedIn.length > 0 ? "ok" : "warning",
      column: null,
      say: () =>
        `${counted(ids)} ${size === 1n ? "values" : "ids"} are used up for about ${counted(rows)} rows, ${ratio}`,
      hint:
        "An upsert draws even if it inserts nothing, so read first, or use merge, or " +
        "insert ... select ... where not exists.",
    },
  ];
}
