import type { Flags } from "../config/settings.js";
import { describe, say, sayJson } from "../terminal/print.js";
import { withPlan } from "./with-plan.js";

/** `nextval diff`: shows what `push` would do. */
export function diff(flags: Flags): Promise<number> {
  return withPlan(flags, async ({ plan, settings }) => {
    const { changes, pending, questions } = plan;
    if (flags.json === true) sayJson({ changes, pending, questions });
    else say(describe(plan, settings.allow));
    return 0;
  });
}
