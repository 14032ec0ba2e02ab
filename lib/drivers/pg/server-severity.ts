import { isServerError } from "../../internal.js";

/** The class of SQLSTATEs for "Operator Intervention", in which the server ends the session. */
const INTERVENTION = "57P";

/** Errors of other classes with which the server ends the session. Source: "PostgreSQL Error Codes". */
const FATAL = new Set(["25P03", "25P04", "53300", "08P01"]);

/**
 * Makes the severity of an error the English word. node-postgres (8.23) has the word of the server's language only, and
 * not the field that is never translated.
 */
export function inEnglish(error: unknown): unknown {
  if (isServerError(error) && !/^(ERROR|FATAL|PANIC)$/.test(error.severity)) {
    const isFatal = error.code.startsWith(INTERVENTION) || FATAL.has(error.code);
    Reflect.set(error, "severity", isFatal ? "FATAL" : "ERROR");
  }
  return error;
}
