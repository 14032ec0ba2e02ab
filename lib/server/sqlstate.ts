/** Returns the SQLSTATE of an error, such as "55P03", from any driver; undefined if the error has none. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}
