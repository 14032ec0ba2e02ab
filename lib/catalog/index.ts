export { apply, type ApplyOptions, type ApplyReport } from "./apply.js";
export type { Change, Hazard, HazardCode, Pending, Plan, PlanOptions, Question } from "./change.js";
export { generate, type GenerateOptions, type MigrationFile, type MigrationFormat } from "./generate.js";
export { inspect, type InspectOptions } from "./inspect.js";
export { plan } from "./plan.js";
export { pull } from "./pull.js";
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
} from "./state.js";
