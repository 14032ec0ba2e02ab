import { isServerError } from "../../internal.js";

/**
 * Errors with which the server ends a session that is open. Others are also raised without its end, such as 08P01 for a
 * wrong number of values. Source: "PostgreSQL Error Codes".
 */
const FATAL = new Set(["57P01", "57P02", "57P04", "57P05", "25P03", "25P04"]);

/**
 * Makes the severity of an error the English word. node-postgres (8.23) has the word of the server's language only, and
 * not the field that is never translated.
 */
export function inEnglish(error: unknown): unknown {
  if (isServerError(error) && !/^(ERROR|FATAL|PANIC)$/.test(error.severity)) {
    Reflect.set(error, "severity", FATAL.has(error.code) ? "FATAL" : "ERROR");
  }
  return error;
}
