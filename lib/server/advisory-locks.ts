/**
 * The letters of "next": an advisory lock of this number is held while sequences are moved. `resync` takes it with the id of a
 * sequence, `transfer` with 0, which is none.
 */
export const ADVISORY_LOCK = 0x6e657874;
