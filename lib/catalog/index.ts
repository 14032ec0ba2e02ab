export { apply, type ApplyOptions, type ApplyReport } from "./apply/apply.js";
export type { Change, Hazard, HazardCode, Pending, Plan, PlanOptions, Question } from "./plan/change.js";
export {
  generate,
  type GenerateOptions,
  type MigrationFile,
  type MigrationFormat,
} from "./generate/generate-migration.js";
export { inspect, type InspectOptions } from "./inspect/inspect.js";
export { plan } from "./plan/plan.js";
export { pull } from "./pull/pull-declarations.js";
export type {
  DatabaseState,
  FedColumn,
  KeyColumn,
  SequenceState,
  StateColumn,
  StateOptions,
  TableName,
  TableState,
  TakenName,
} from "./inspect/state.js";
