/*
 * The numbers of the library's advisory locks. The server keeps locks of one number and locks of two apart, so these never meet.
 * Source: "Advisory Lock Functions".
 */

/** The letters of "nextval": held while a plan is applied, so that one deployment does so at a time. */
export const PLAN_LOCK = 0x6e65787476616cn;

/**
 * The letters of "next", the first of two numbers: held while values are moved. The second number is the id of the sequence for
 * resync, and 0 for transfer.
 */
export const MOVE_LOCK = 0x6e657874;
