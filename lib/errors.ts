/** Every code that a `NextvalError` can have. */
export const ERROR_CODES = [
  "ALLOCATOR_CLOSED",
  "CHANGE_REFUSED",
  "COLUMN_NOT_COMPARED",
  "COMMIT_UNKNOWN",
  "COUNTER_NOT_FOUND",
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
  "TRANSACTION_NOT_ALLOWED",
  "TRANSACTION_REQUIRED",
  "TRANSFER_INCOMPLETE",
  "TRANSFER_REFUSED",
  "UNEXPECTED_ROW_COUNT",
  "UNEXPECTED_VALUE",
  "WIDEN_INCOMPLETE",
] as const;

/**
 * The code of a {@link NextvalError}. Compare codes, never messages, because a later version may word a message
 * differently. The page "Errors" of the documentation has the cause and the fix of each.
 */
export type NextvalErrorCode = (typeof ERROR_CODES)[number];

/**
 * An error that nextval raises itself. Its message says what is wrong, `hint` what to do, and `fix` is SQL that can be
 * run as it is. Not every error has both.
 *
 * ```ts
 * try {
 *   await db.nextval(ticketSeq);
 * } catch (error) {
 *   if (error instanceof NextvalError && error.code === "SEQUENCE_EXHAUSTED") {
 *     console.log(error.sequence); // "ticket_seq"
 *     console.log(error.hint); // "Raise its maxValue (minValue if it descends), or let it cycle."
 *   }
 * }
 * ```
 *
 * Errors of the server that are not about sequences are never wrapped.
 */
export class NextvalError extends Error {
  /** Always `NextvalError`, also for its subclasses. */
  override readonly name = "NextvalError";
  /** What went wrong, for programs: `SEQUENCE_EXHAUSTED`, for example. */
  readonly code: NextvalErrorCode;
  /**
   * The name of the sequence that the error is about, as declared: `order_seq` or `schema.order_seq`. Undefined if
   * there is none.
   */
  readonly sequence: string | undefined;
  /** What to do, in a sentence. Absent if the message says it all. */
  declare readonly hint?: string;
  /** SQL that fixes the problem. Statements have `; ` between them, and none has one at its end. */
  declare readonly fix?: string;

  /** @internal Another copy of the library has a class of its own. Subclasses inherit this, and are told apart. */
  static override [Symbol.hasInstance](thing: unknown): boolean {
    if (Object.hasOwn(this, Symbol.hasInstance)) return thing instanceof Error && thing.name === "NextvalError";
    return Function.prototype[Symbol.hasInstance].call(this, thing);
  }

  constructor(code: NextvalErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.sequence = details.sequence;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.fix !== undefined) this.fix = details.fix;
  }
}

/** What an error has beside its code and message. */
export interface ErrorDetails extends Advice {
  readonly sequence?: string | undefined;
  readonly cause?: unknown;
}

/** What to do about an error or a problem. */
export interface Advice {
  /** What to do, in a sentence. */
  readonly hint?: string | undefined;
  /** SQL that fixes it. Statements have `; ` between them, and none has one at its end. */
  readonly fix?: string | undefined;
}

/** @internal Throws `INVALID_TEMPLATE`. `what` is the wrong part, such as `value 2 (after "where id = ")`. */
export function refuse(what: string, problem: string, hint?: string): never {
  throw new NextvalError("INVALID_TEMPLATE", `${what} ${problem}`, { hint });
}

/** @internal Throws `INVALID_ARGUMENT`. `what` is what takes the argument, such as `begin`. */
export function refuseArgument(what: string, problem: string, hint?: string): never {
  throw new NextvalError("INVALID_ARGUMENT", `${what} ${problem}`, { hint });
}
