export { applyPlan, type ApplyOptions, type ApplyReport } from "./apply/apply.js";
export type { Change, Hazard, Pending, Plan, PlanOptions, Question, Restart } from "./plan/change.js";
export {
  generateMigration,
  type GenerateOptions,
  type MigrationFile,
  type MigrationFolder,
} from "./generate/generate-migration.js";
export { inspectSequences, type InspectOptions } from "./inspect/inspect.js";
export { planChanges } from "./plan/plan.js";
export { pullDeclarations, type PullOptions } from "./pull/pull-declarations.js";
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
export type { MigrationFormat, ModuleExtension } from "./generate/migration-formats.js";
export type { HazardCode } from "./plan/hazards/hazard-codes.js";
