import { describe, say, sayJson } from "./output.js";
import type { Flags } from "./settings.js";
import { withPlan } from "./with-plan.js";

/** `nextval diff`: shows what `push` would do. */
export function diff(flags: Flags): Promise<number> {
  return withPlan(flags, async ({ plan, settings }) => {
    if (flags.json === true) sayJson({ changes: plan.changes, questions: plan.questions });
    else say(describe(plan, settings.allow));
    return 0;
  });
}
