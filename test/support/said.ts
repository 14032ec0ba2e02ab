import { NextvalError } from "nextval";

/** What an error says: its message, and its hint as the next sentence. */
export function said(error: unknown): string {
  if (!(error instanceof NextvalError)) throw error;
  return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
}

/** What the error says that a function throws. */
export function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return said(error);
  }
  throw new Error("was not refused");
}
