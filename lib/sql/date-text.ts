/** Whether it is a Date, also one of another realm, such as a `vm` context or a test that Jest runs. */
export function isDate(thing: unknown): thing is Date {
  return thing instanceof Date || Object.prototype.toString.call(thing) === "[object Date]";
}

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
