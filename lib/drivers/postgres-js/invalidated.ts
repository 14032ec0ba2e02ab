import { isServerError, type ServerError } from "../../handle/errors/server-error.js";

/** The server's routines that raise an error about a prepared statement before it does anything. */
const INVALIDATED = new Set(["FetchPreparedStatement", "RevalidateCachedQuery", "transformAssignedExpr"]);

/** No such operator or function for these types, and a value of another type than its place. */
const MISMATCHES: ReadonlySet<string> = new Set(["42883", "42804"]);

const INTERNAL_ERROR = "XX000";

/**
 * Whether a prepared statement has become invalid, or may have, and did nothing. The same errors can come from inside a
 * function, DO or CALL, which may already have committed. Only those have `where`, except for the place of a value.
 */
export function isInvalidated(error: unknown, { prepared }: { readonly prepared: boolean }): boolean {
  if (!prepared || !isServerError(error)) return false;
  if (hasDroppedType(error) || hasOtherTypes(error)) return true;
  return error.where === undefined && INVALIDATED.has(error.routine);
}

/**
 * Whether a prepared statement has a value or a column of a type that was dropped, as when a migration replaces an
 * enum. The server notices too late, and reports an internal error, which is always in English.
 */
export function hasDroppedType({ code, message, where }: ServerError): boolean {
  return (
    code === INTERNAL_ERROR &&
    /^cache lookup failed for type \d+$/.test(message) &&
    (where === undefined || isPlaceOfValue(where))
  );
}

/**
 * Whether the values of a prepared statement may have other types than when it was prepared, as when a migration widens
 * a column. The server keeps the types. It refuses a value of the new type, or the statement as a whole.
 */
export function hasOtherTypes({ code, where, position }: ServerError): boolean {
  if (where === undefined) return position !== undefined && MISMATCHES.has(code);
  return code.startsWith("22") && isPlaceOfValue(where);
}

/**
 * `unnamed portal parameter $1 = '...'`, in the language of the server. It is the last line, and has no name in quotes.
 */
export function isPlaceOfValue(where: string): boolean {
  const line = where.slice(where.lastIndexOf("\n") + 1);
  return /^[^$"]*\$\d+(?: = .*)?$/.test(line);
}
