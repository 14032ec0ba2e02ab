import { isServerError, type ServerError } from "../../handle/server-error.js";

/** The server's routines that raise an error about a prepared statement before it does anything. */
const INVALIDATED = new Set(["FetchPreparedStatement", "RevalidateCachedQuery", "transformAssignedExpr"]);

/**
 * Whether a prepared statement has become invalid before it did anything. The same errors can come from inside a
 * function, DO or CALL, which may already have committed. Only those have `where`.
 */
export function isInvalidated(error: unknown, { prepared }: { readonly prepared: boolean }): boolean {
  if (!prepared || !isServerError(error)) return false;
  return hasDroppedType(error) || (error.where === undefined && INVALIDATED.has(error.routine));
}

/**
 * Whether a prepared statement has a value or a column of a type that was dropped, as when a migration replaces an enum.
 * The server notices too late, and reports an internal error, which is always in English. A value has its place in
 * `where`; any other `where` is that of a function.
 */
export function hasDroppedType({ code, message, where }: ServerError): boolean {
  return (
    code === INTERNAL_ERROR &&
    /^cache lookup failed for type \d+$/.test(message) &&
    (where === undefined || /^[^\n]{1,80} \$\d+( = |$)/.test(where))
  );
}

const INTERNAL_ERROR = "XX000";
