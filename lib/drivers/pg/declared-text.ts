import { isServerError, type Request, TYPE_NAMES, UNKNOWN } from "../../internal.js";
import type { TextParameter } from "../queued/driver.js";

/**
 * Returns the text of a statement, in which a value that declares a type has a cast: `($1::pg_catalog.int8)`. In
 * parentheses, so a subscript or a field after it is one of the value. The driver has no documented way to declare
 * types.
 */
export function declaredText({ text, strings }: Request["fragment"], parameters: readonly TextParameter[]): string {
  if (parameters.every(({ type }) => type === UNKNOWN)) return text;
  return strings.reduce((before, piece, at) => before + placeholder(parameters, at) + piece);
}

function placeholder(parameters: readonly TextParameter[], number: number): string {
  const cast = castOf(parameters[number - 1] as TextParameter);
  return cast === "" ? `$${number}` : `($${number}${cast}`;
}

/** What follows a value, up to the closing parenthesis. */
function castOf({ type }: TextParameter): string {
  const name = TYPE_NAMES.get(type);
  return name === undefined ? "" : `::pg_catalog.${name})`;
}

/** Lists the types that have no cast, because values declare them by their numbers; undefined if there are none. */
export function declaredTypes(parameters: readonly TextParameter[]): number[] | undefined {
  if (parameters.every(isCast)) return undefined;
  return parameters.map((parameter) => (isCast(parameter) ? 0 : parameter.type));
}

function isCast({ type }: TextParameter): boolean {
  return type === UNKNOWN || TYPE_NAMES.has(type);
}

/** Makes the position of a server's error that of the text without the casts. */
export function shiftPosition(
  error: unknown,
  { strings }: Request["fragment"],
  parameters: readonly TextParameter[],
): void {
  if (!isServerError(error) || error.position === undefined) return;
  let position = Number(error.position);
  let end = 0;
  for (let at = 0; at < parameters.length; at++) {
    const cast = castOf(parameters[at] as TextParameter).length;
    end += (strings[at] as string).length;
    if (cast > 0 && position > end + 1) position--;
    end += `$${at + 1}`.length;
    if (position > end) position = Math.max(end, position - cast);
  }
  Reflect.set(error, "position", String(position));
}
