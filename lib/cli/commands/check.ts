import type { Flags } from "../config/settings.js";
import { describe, planAsJson } from "../report/describe-plan.js";
import { print, printJson } from "../terminal/print.js";
import { text } from "../terminal/shown-text.js";
import { addPlanning, type CliCommand } from "./command.js";
import { withPlan } from "./with-plan.js";

/** `nextval check`: exits with 1 if something differs. */
export const command: CliCommand = {
  summary: "fail if the database differs from the declarations",
  details: `
For CI, and after a deployment. Changes nothing.

Example:
  nextval check --declarations src/sequences.ts --url "$DATABASE_URL"

Exit codes: 0 nothing differs; 1 something differs, and is shown; 2 an error.
`,
  addOptions(command) {
    addPlanning(command);
  },
  run: check,
};

function check(flags: Flags): Promise<number> {
  return withPlan(flags, async ({ plan, settings }) => {
    const { changes, pending } = plan;
    const differs = changes.length > 0 || pending.length > 0;
    if (flags.json === true) printJson({ differs, ...planAsJson(plan, settings.allow) });
    else {
      print(describe(plan, settings.allow));
      if (differs) print(text`\nThe database differs from the declarations.`);
    }
    return differs ? 1 : 0;
  });
}
