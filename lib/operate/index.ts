export { applyTransfer, planTransfer } from "./transfer/transfer-sequences.js";
export {
  type ApplyTransferOptions,
  TransferError,
  type PlanTransferOptions,
  type TransferPlan,
  type TransferReport,
  type TransferredSequence,
} from "./transfer/transfer-report.js";
export type {
  AcceptableTransferCode,
  AcceptedTransferProblem,
  TransferCode,
  TransferProblem,
} from "./transfer/transfer-problem.js";
export type { Progress, SequenceFeed } from "./reading-options.js";
export type { AcceptedFinding, Unmatched } from "./accepted-findings.js";
export type {
  AcceptedProblem,
  ColumnHealth,
  Health,
  HealthCode,
  HealthLevel,
  HealthProblem,
  SequenceHealth,
} from "./status/health.js";
export type { ColumnName, SequenceName } from "../server/name-shapes.js";
export { type PrometheusOptions, toPrometheus } from "./monitor/prometheus.js";
export { usageRates, type SequenceRate } from "./status/usage-rate.js";
export { applyResync } from "./resync/apply-resync.js";
export { planResync } from "./resync/plan-resync.js";
export {
  type ApplyResyncOptions,
  type PlanResyncOptions,
  ResyncError,
  type ResyncFailure,
  type ResyncMove,
  type ResyncOptions,
  type ResyncPlan,
  type ResyncReport,
  type ResyncSkip,
} from "./resync/resync-report.js";
export { applyWiden } from "./widen/apply-widen.js";
export { planWiden } from "./widen/plan-widen.js";
export { widenFiles, type WidenFilesOptions } from "./widen/widen-files.js";
export type { WidenFormat } from "../catalog/generate/migration-formats.js";
export {
  type ApplyWidenOptions,
  type PlanWidenOptions,
  WidenError,
  type WidenPhase,
  type WidenPhaseKind,
  type WidenPlan,
  type WidenProgress,
  type WidenReport,
  type WidenTarget,
  type WidenWork,
} from "./widen/widen-plan.js";
export { sequenceStatus, type StatusOptions } from "./status/sequence-status.js";
export { type JsonOf, toJson } from "./to-json.js";
