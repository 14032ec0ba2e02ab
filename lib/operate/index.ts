export { transfer, type TransferOptions, type TransferReport, type TransferredSequence } from "./transfer.js";
export type { Progress } from "./extremes.js";
export type { ColumnHealth, Health, HealthCode, HealthLevel, HealthProblem, SequenceHealth } from "./health.js";
export type { ColumnName, SequenceName } from "./names.js";
export { toPrometheus } from "./prometheus.js";
export { rate, type SequenceRate } from "./rate.js";
export {
  resync,
  type ResyncFailure,
  type ResyncMove,
  type ResyncOptions,
  type ResyncReport,
  type ResyncSkip,
} from "./resync.js";
export { status, type StatusOptions } from "./status.js";
export { type JsonOf, toJson } from "./to-json.js";
export { allocator, type AllocatorOptions } from "./allocator.js";
export { blockAllocator, type BlockAllocatorOptions } from "./block-allocator.js";
export { checkStrides, type NodeSequence } from "./check-strides.js";
export type { Allocator, Closing } from "./dispenser.js";
export { gapless, type GaplessCounter, type GaplessOptions } from "./gapless.js";
export { stride, type StrideOf, type StrideOptions } from "./stride.js";
