/*
 * The numbers of the library's advisory locks. The server keeps locks with one number apart from locks with two, so
 * these never conflict. Source: "Advisory Lock Functions".
 */

/**
 * The letters of "nextval". The lock is held while a plan is applied, so only one deployment applies a plan at a time.
 */
export const PLAN_LOCK = 0x6e65787476616cn;

/**
 * The letters of "next", as the first of two numbers. The lock is held while values are moved. The second number is the
 * id of the sequence for a resync, and 0 for a transfer. A resync that moves without a lock on the sequence shares the
 * lock of the transfer.
 */
export const MOVE_LOCK = 0x6e657874;
