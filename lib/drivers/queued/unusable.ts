/** The error of every call after the one connection of a client was lost, or could not be set back. */
export function unusable(client: string, reason: unknown): Error {
  const message = reason instanceof Error ? reason.message : String(reason);
  return new Error(`${client} cannot be used anymore: ${message}`, { cause: reason });
}
