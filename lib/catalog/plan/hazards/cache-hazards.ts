import { shownNameOf } from "../../../server/names.js";
import type { StateOptions } from "../../inspect/state.js";
import type { Hazard } from "../change.js";
import type { Target } from "../target.js";
import { hazardsFor } from "./make-hazard.js";

/** From this many values on, a cache is more likely a mistake than intended. */
const HUGE = 100_000n;

/**
 * The server counts this many values one by one in about 0.1 seconds, measured on PostgreSQL 18. A billion takes about
 * a second, 2^63-1 three centuries. During that time it holds the lock of the sequence's page, and nothing interrupts
 * it: no timeout, no cancel, no terminate.
 */
const UNSTOPPABLE = 100_000_000n;

/**
 * Returns the hazards of the values that each session reserves with its first draw. `before` is undefined for a new
 * sequence.
 */
export function hazardsOfCache({ declared, options }: Target, before?: StateOptions): Hazard[] {
  const count = reservedAtOnce(options);
  const isNews = before === undefined || count > reservedAtOnce(before);
  const hazard = hazardsFor(shownNameOf(declared));
  if (count >= UNSTOPPABLE) {
    const stall = `one nextval makes the server count ${count} values, and no timeout stops it`;
    const problem = `with cache ${options.cache} ${stall}`;
    return hazard("CACHE_STALLS_SERVER", isNews, problem, {
      hint: `Declare a cache below ${UNSTOPPABLE}.`,
      blocked: true,
    });
  }
  const problem =
    `with cache ${options.cache} each session reserves ${count} values, ` +
    "and others wait while the server counts them";
  return hazard("CACHE_STALLS_SERVER", isNews && count >= HUGE, problem, {
    hint: `Declare a cache below ${HUGE}, because a session loses the values that it does not use.`,
  });
}

/**
 * Returns how many values one draw reserves. The server stops at the end of the range, even if the sequence cycles.
 * Source: `nextval_internal` in its `sequence.c`.
 */
function reservedAtOnce({ cache, increment, minValue, maxValue }: StateOptions): bigint {
  const inRange = (maxValue - minValue) / (increment < 0n ? -increment : increment) + 1n;
  return cache < inRange ? cache : inRange;
}
