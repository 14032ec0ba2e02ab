/** Every code that a `NextvalError` can have. */
export const ERROR_CODES = [
  "ALLOCATOR_CLOSED",
  "CHANGE_REFUSED",
  "COLUMN_NOT_COMPARED",
  "COMMIT_UNKNOWN",
  "DEADLOCK",
  "INVALID_ARGUMENT",
  "INVALID_OPTIONS",
  "INVALID_TEMPLATE",
  "LOCK_TIMEOUT",
  "PERMISSION_DENIED",
  "PLAN_INCOMPLETE",
  "PLAN_OUTDATED",
  "PLAN_REFUSED",
  "POOL_EXHAUSTED",
  "READ_ONLY",
  "RESYNC_INCOMPLETE",
  "SEQUENCE_DIFFERS",
  "SEQUENCE_EXHAUSTED",
  "SEQUENCE_NOT_CALLED",
  "SEQUENCE_NOT_FOUND",
  "SEQUENCE_OUT_OF_BOUNDS",
  "SESSION_REQUIRED",
  "STRIDES_COLLIDE",
  "TIMEOUT",
  "TRANSACTION_CONTROL",
  "TRANSACTION_FAILED",
  "TRANSACTION_REQUIRED",
  "TRANSFER_INCOMPLETE",
  "TRANSFER_REFUSED",
  "UNEXPECTED_ROW_COUNT",
  "UNEXPECTED_VALUE",
] as const;

/** The code of an error. Compare codes, never messages. */
export type NextvalErrorCode = (typeof ERROR_CODES)[number];

/**
 * An error that nextval raises itself.
 *
 * ```ts
 * try {
 *   await db.nextval(ticketSeq);
 * } catch (error) {
 *   if (error instanceof NextvalError && error.code === "SEQUENCE_EXHAUSTED") {
 *     console.log(error.sequence); // "ticket_seq"
 *   }
 * }
 * ```
 *
 * Errors of the server that are not about sequences are never wrapped.
 */
export class NextvalError extends Error {
  override readonly name = "NextvalError";
  readonly code: NextvalErrorCode;
  /**
   * The name of the sequence that the error is about, as declared: `order_seq` or `schema.order_seq`. Undefined if
   * there is none.
   */
  readonly sequence: string | undefined;

  constructor(
    code: NextvalErrorCode,
    message: string,
    details: { sequence?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.sequence = details.sequence;
  }
}

/** @internal Throws `INVALID_TEMPLATE`. `what` is the wrong part, such as `value 2 (after "where id = ")`. */
export function refuse(what: string, problem: string): never {
  throw new NextvalError("INVALID_TEMPLATE", `${what} ${problem}`);
}

/** @internal Throws `INVALID_ARGUMENT`. `what` is what takes the argument, such as `begin`. */
export function refuseArgument(what: string, problem: string): never {
  throw new NextvalError("INVALID_ARGUMENT", `${what} ${problem}`);
}
