import { NextvalError } from "../../index.js";

/** The error of `begin`, `session` or a cursor on a connection on which other code has begun a transaction. */
export function openTransaction(): NextvalError {
  return new NextvalError("INVALID_ARGUMENT", "begin, session and cursor() need a client without an open transaction", {
    hint: "End the one that its own query began.",
  });
}
