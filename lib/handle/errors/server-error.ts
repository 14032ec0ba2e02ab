/** An error that the server reports. Source: "Error and Notice Message Fields" in the PostgreSQL documentation. */
export interface ServerError extends Error {
  /** The SQLSTATE. */
  readonly code: string;
  /** The severity in English, whatever language the message is in. */
  readonly severity: string;
  /** The server's function that raised the error. */
  readonly routine: string;
  /** The functions inside which the error was raised. */
  readonly where?: string | undefined;
  /** The position of the error in the text of the statement, counted from 1. */
  readonly position?: string | undefined;
  readonly detail?: string | undefined;
  hint?: string | undefined;
}

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "code" in error && "routine" in error && "severity" in error;
}
