import type { Flags } from "../config/settings.js";
import { annotationsOfPlan } from "../report/annotate-plan.js";
import { describe, planAsJson } from "../report/describe-plan.js";
import { print, printAnnotation, printJson } from "../terminal/print.js";
import { text } from "../terminal/shown-text.js";
import { addFormat, addPlanning, type CliCommand, refuseTwoFormats } from "./command.js";
import { withPlan } from "./with-plan.js";

/** `nextval check`: exits with 1 if something differs. */
export const command: CliCommand = {
  summary: "fail if the database differs from the declarations",
  details: `
For CI, and after a deployment. Changes nothing.

Examples:
  nextval check --declarations src/sequences.ts --url "$DATABASE_URL"
  nextval check --format github             in a workflow of GitHub

Exit codes: 0 nothing differs; 1 something differs, and is shown; 2 an error.
`,
  addOptions(command) {
    addFormat(addPlanning(command));
  },
  run: check,
};

async function check(flags: Flags): Promise<number> {
  refuseTwoFormats(flags);
  return withPlan(flags, async ({ plan, settings, lines }) => {
    const { changes, pending } = plan;
    const differs = changes.length > 0 || pending.length > 0;
    if (flags.json === true) printJson({ differs, ...planAsJson(plan, settings.allow) });
    else if (flags.format === "github") {
      for (const annotation of annotationsOfPlan(plan, settings.allow, lines)) printAnnotation(annotation);
      print(differs ? DIFFERS : text`Nothing differs.`);
    } else {
      print(describe(plan, settings.allow));
      if (differs) print(text`\n${DIFFERS}`);
    }
    return differs ? 1 : 0;
  });
}

const DIFFERS = text`The database differs from the declarations.`;
