import type { Flags } from "../config/settings.js";
import { describe, planAsJson } from "../report/describe-plan.js";
import { print, printJson } from "../terminal/print.js";
import { addAllow, addPlanning, type CliCommand } from "./command.js";
import { withPlan } from "./with-plan.js";

/** `nextval diff`: shows what `push` would do. */
export const command: CliCommand = {
  summary: "show the changes that push would make",
  details: `
Shows each change with its SQL and its hazards, and the questions that only you can
answer. Changes nothing.

Example:
  nextval diff --declarations "src/**/sequences.ts" --rename order_seq=sales_order_seq

Exit codes: 0 even if something differs; 2 an error.
`,
  addOptions(command) {
    addAllow(addPlanning(command));
  },
  run: diff,
};

function diff(flags: Flags): Promise<number> {
  return withPlan(flags, async ({ plan, settings }) => {
    if (flags.json === true) printJson(planAsJson(plan, settings.allow));
    else print(describe(plan, settings.allow));
    return 0;
  });
}
