/** Formats a name for the terminal. Parts that need quotes get them, so `a."b.c"` and `"a.b".c` differ. */
export function shownName(...parts: readonly string[]): string {
  return parts.map((part) => (isPlain(part) ? part : `"${part.replaceAll('"', '""')}"`)).join(".");
}

/** Whether a name needs no quotes. Source: "Lexical Structure", section "Identifiers and Key Words". */
function isPlain(part: string): boolean {
  return /^[\p{Ll}\p{Lo}_][\p{Ll}\p{Lo}\d_$]*$/u.test(part);
}
