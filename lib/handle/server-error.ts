/** An error that the server reports. Source: "Error and Notice Message Fields" in the PostgreSQL documentation. */
export interface ServerError extends Error {
  /** The SQLSTATE. */
  readonly code: string;
  /** In English, whatever language the message is in. */
  readonly severity: string;
  /** The server's function that raised it. */
  readonly routine: string;
  /** The functions that it was raised inside of. */
  readonly where?: string | undefined;
  /** Where in the text of the statement it is, counted from 1. */
  readonly position?: string | undefined;
  hint?: string | undefined;
}

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "code" in error && "routine" in error && "severity" in error;
}
