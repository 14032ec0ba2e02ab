/** What went wrong, in one sentence without a stack trace. A server's error brings its code, detail and hint along. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, name } = error;
  if (name !== "PostgresError") return message === "" ? name : message;
  const { code, detail, hint } = error as { code?: string; detail?: string; hint?: string };
  return [`The server says: ${message} (${code})`, detail, hint].filter((part) => part !== undefined).join("\n");
}

/** The stable name of an error, where it has one. */
export function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : null;
}
