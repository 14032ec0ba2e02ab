/** The type that {@link toJson} makes of a type: a bigint and a Date become a string. */
export type JsonOf<Value> = Value extends bigint | Date
  ? string
  : Value extends Error
    ? JsonError
    : Value extends object
      ? { readonly [Key in keyof Value]: JsonOf<Value[Key]> }
      : Value;

interface JsonError {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly sequence?: string;
  readonly hint?: string;
  readonly fix?: string;
}

/**
 * Converts a report of this library into values that JSON can hold.
 *
 * ```ts
 * JSON.stringify(toJson(await sequenceStatus(db)));
 * // {"sampledAt":"2026-01-31T02:00:00.000Z", ... "left":"2147483640", ...
 * ```
 *
 * A bigint becomes a string of digits, so none is lost. A Date becomes its ISO text, and an error its name, code,
 * message, sequence, hint and fix.
 */
export function toJson<Value>(value: Value): JsonOf<Value> {
  return converted(value) as JsonOf<Value>;
}

/** What is kept of an error. */
const TEXTS = ["name", "code", "message", "sequence", "hint", "fix"];

function converted(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) {
    const texts = TEXTS.map((key) => [key, Reflect.get(value, key) as unknown] as const);
    return Object.fromEntries(texts.filter(([, text]) => typeof text === "string"));
  }
  if (Array.isArray(value)) return value.map(converted);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, converted(each)]));
}
