export { allocator, type AllocatorOptions } from "./allocator.js";
export { blockAllocator, type BlockAllocatorOptions } from "./block-allocator.js";
export type { BlockReading } from "../index.js";
export { checkStrides, type StrideMember } from "./check-strides.js";
export type { Allocator, CloseResult } from "./allocation-queue.js";
export { gaplessCounter, type GaplessCounter, type GaplessOptions } from "./gapless-counter.js";
export { stride, type StridedSequence, type StrideOptions } from "./stride.js";
export type { ValueRange } from "./value-buffer.js";
