export { apply, type ApplyOptions } from "./apply.js";
export type { Change, Hazard, HazardCode, Plan, PlanOptions } from "./change.js";
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
  TakenName,
} from "./state.js";
