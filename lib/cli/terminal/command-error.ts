import type { Advice } from "../../internal.js";

/** An error that the user can fix. Only its message and what to do about it are shown. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** What to do, in a sentence. */
  declare readonly hint?: string;
  /** SQL that fixes it. */
  declare readonly fix?: string;
  /** The line of the user's file that it comes from: `src/sequences.ts:12`. */
  declare readonly place?: string;

  constructor(
    message: string,
    { hint, fix, cause, place }: Advice & { cause?: unknown; place?: string | undefined } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    if (hint !== undefined) this.hint = hint;
    if (fix !== undefined) this.fix = fix;
    if (place !== undefined) this.place = place;
  }
}

/** Ends the command with exit code 2, a sentence that says what is wrong, and one that says what to do. */
export function throwCommandError(message: string, hint?: string): never {
  throw new CommandError(message, { hint });
}

/** The exit code if the user answered no. 0 is success, 1 a difference or a threshold, 2 an error. */
export const REFUSED_BY_USER = 3;
