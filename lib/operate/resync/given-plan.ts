import { NextvalError } from "../../index.js";
import { errorOf, integerOf } from "../from-json.js";
import type { JsonOf } from "../to-json.js";
import type { ResyncPlan } from "./resync-report.js";

/** Checks a plan, and restores what JSON cannot hold. */
export function planOf(given: ResyncPlan | JsonOf<ResyncPlan>): ResyncPlan {
  const plan = given as ResyncPlan;
  const lists: readonly unknown[] = [plan?.moves, plan?.failures, plan?.skips];
  if (!lists.every(Array.isArray) || typeof plan.options !== "object" || plan.options === null) {
    throw new NextvalError("INVALID_ARGUMENT", "applyResync takes a plan that planResync made");
  }
  const integer = (value: unknown) => integerOf("applyResync", value);
  return {
    ...plan,
    moves: plan.moves.map((move) => ({
      ...move,
      extreme: move.extreme === null ? null : integer(move.extreme),
      from: integer(move.from),
      to: integer(move.to),
    })),
    failures: plan.failures.map(({ sequence, error }) => ({ sequence, error: errorOf(error) })),
  };
}
