import { planChanges, type Plan, type PlanOptions } from "../../catalog/index.js";
import type { Database } from "../../index.js";
import { nameOf } from "../../server/names.js";
import type { Declarations } from "../config/declarations.js";
import { type Flags, type Settings, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { inspectWithLockTimeout, refuseUnknownSchemas } from "../database/inspect-database.js";
import type { LineFinder } from "../report/annotate-plan.js";
import { describeAdvice } from "../report/describe-advice.js";
import { color } from "../terminal/color.js";
import { printError } from "../terminal/print.js";
import { lines, type ShownText, text } from "../terminal/shown-text.js";
import { type DottedName, dottedNames } from "./dotted-names.js";

export interface Planned {
  readonly plan: Plan;
  readonly dotted: readonly DottedName[];
  readonly db: Database;
  /** The database that may be changed: `shop at db.example.com:5432 as deploy`. */
  readonly target: ShownText;
  readonly settings: Settings;
  /** Finds the lines of the user's files to annotate. */
  readonly lines: LineFinder;
  /** Plans again for the same state of the database, with the user's answers. */
  replan(answers: Pick<PlanOptions, "renames" | "new">): Planned;
}

/** Loads the declarations and the state of the database, and plans the changes. Most commands begin this way. */
export async function withPlan<Result>(flags: Flags, use: (planned: Planned) => Promise<Result>): Promise<Result> {
  const settings = await settingsOf(flags);
  const declarations = await settings.declarations();
  const { sequences, schemas } = declarations;
  return withDatabase(settings, async (db, target) => {
    const state = await inspectWithLockTimeout(db, settings);
    // A declared schema may not exist yet.
    const wanted = [...schemas, ...sequences.flatMap(({ schema }) => schema ?? [])];
    refuseUnknownSchemas(settings.schemas, state.schemas, wanted);
    const plannedWith = (options: PlanOptions): Planned => {
      const made = planChanges(sequences, state, options);
      return {
        plan: made,
        dotted: dottedNames(sequences, state, made),
        db,
        target,
        settings,
        lines: lineFinder(declarations, settings),
        replan: ({ renames, new: isNew }) =>
          plannedWith({
            ...options,
            renames: { ...options.renames, ...renames },
            new: [...(options.new ?? []), ...(isNew ?? [])],
          }),
      };
    };
    const planned = plannedWith({ ...settings.planOptions, schemas });
    for (const { message, hint } of planned.dotted) {
      printError(lines([text`${color.yellow("Warning:")} ${message}.`, ...describeAdvice({ hint }, "  ")]));
    }
    return use(planned);
  });
}

/** Finds the declarations that a plan is about. What is not declared belongs to the configuration. */
function lineFinder(declarations: Declarations, { file }: Pick<Settings, "file">): LineFinder {
  const { sequences, lineOf, lineOfSchema } = declarations;
  const otherwise = file === undefined ? undefined : { file, line: 1 };
  return {
    ofSubject(subject) {
      const declared = sequences.find((each) => nameOf(each) === subject);
      return (declared && lineOf(declared)) ?? otherwise;
    },
    ofSchema: (schema) => lineOfSchema(schema) ?? otherwise,
  };
}
