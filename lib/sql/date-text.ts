/**
 * Writes a valid Date as the server reads it: years after 9999 without a sign, and years before 1 with BC. Source:
 * "Date/Time Input" in the PostgreSQL documentation.
 */
export function dateText(date: Date): string {
  const text = date.toISOString();
  const year = date.getUTCFullYear();
  if (year > 0 && year <= 9999) return text;
  const rest = text.slice(text.indexOf("-", 1));
  return year > 0 ? `${year}${rest}` : `${String(1 - year).padStart(4, "0")}${rest} BC`;
}
