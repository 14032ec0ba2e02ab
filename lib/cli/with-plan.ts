import { plan, type Plan } from "../catalog/index.js";
import type { Database } from "../index.js";
import { withDatabase } from "./connect.js";
import { refuseUnknownSchemas } from "./known-schemas.js";
import { look } from "./look.js";
import { type Flags, type Settings, settingsOf } from "./settings.js";
import type { ShownText } from "./shown-text.js";

export interface Planned {
  readonly plan: Plan;
  readonly db: Database;
  /** What is about to be changed: `shop at db.example.com:5432 as deploy`. */
  readonly target: ShownText;
  readonly settings: Settings;
}

/** What most commands begin with: the declarations, the state of the database, and the plan from one to the other. */
export async function withPlan<Result>(flags: Flags, use: (planned: Planned) => Promise<Result>): Promise<Result> {
  const settings = await settingsOf(flags);
  const declared = await settings.declarations();
  return withDatabase(settings, async (db, target) => {
    const state = await look(db, settings);
    // A schema that is declared may be still to be created.
    const wanted = declared.flatMap(({ schema }) => schema ?? []);
    refuseUnknownSchemas(settings.schemas, state.schemas, wanted);
    return use({ plan: plan(declared, state, settings.planOptions), db, target, settings });
  });
}
