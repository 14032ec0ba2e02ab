/** An error that the user can fix. Only its message is shown. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** Ends the command with this sentence and exit code 2. */
export function throwCommandError(message: string): never {
  throw new CommandError(message);
}

/** The exit code if the user answered no. 0 is success, 1 a difference or a threshold, 2 an error. */
export const REFUSED_BY_USER = 3;
