import { plan, type Plan, type PlanOptions } from "../catalog/index.js";
import type { Database } from "../index.js";
import { withDatabase } from "./connect.js";
import { refuseUnknownSchemas } from "./known-schemas.js";
import { look } from "./look.js";
import { type Flags, type Settings, settingsOf } from "./settings.js";

export interface Planned {
  readonly plan: Plan;
  readonly db: Database;
  readonly settings: Settings;
  /** Plans again, for the same state of the database, with what the user has answered. */
  replan(answers: Pick<PlanOptions, "renames" | "new">): Planned;
}

/** What most commands begin with: the declarations, the state of the database, and the plan from one to the other. */
export async function withPlan<Result>(flags: Flags, use: (planned: Planned) => Promise<Result>): Promise<Result> {
  const settings = await settingsOf(flags);
  const { sequences, schemas } = await settings.declarations();
  return withDatabase(settings, async (db) => {
    const state = await look(db, settings);
    // A schema that is declared may be still to be created.
    const wanted = [...schemas, ...sequences.flatMap(({ schema }) => schema ?? [])];
    refuseUnknownSchemas(settings.schemas, state.schemas, wanted);
    const plannedWith = (options: PlanOptions): Planned => ({
      plan: plan(sequences, state, options),
      db,
      settings,
      replan: ({ renames, new: isNew }) =>
        plannedWith({
          ...options,
          renames: { ...options.renames, ...renames },
          new: [...(options.new ?? []), ...(isNew ?? [])],
        }),
    });
    return use(plannedWith({ ...settings.planOptions, schemas }));
  });
}
