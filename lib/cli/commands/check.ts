import type { Flags } from "../config/settings.js";
import { describe, say, sayJson } from "../terminal/print.js";
import { text } from "../terminal/shown-text.js";
import { withPlan } from "./with-plan.js";

/** `nextval check`: fails where something differs. */
export function check(flags: Flags): Promise<number> {
  return withPlan(flags, async ({ plan, settings }) => {
    const { changes, pending, questions } = plan;
    const differs = changes.length > 0 || pending.length > 0;
    if (flags.json === true) sayJson({ differs, changes, pending, questions });
    else {
      say(describe(plan, settings.allow));
      if (differs) say(text`\nThe database differs from the declarations.`);
    }
    return differs ? 1 : 0;
  });
}
