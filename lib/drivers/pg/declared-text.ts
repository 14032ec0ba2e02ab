import { type Request, UNKNOWN } from "../../internal.js";
import type { TextParameter } from "../serial/driver.js";

/** The names of the types that values declare. */
const NAMES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map([
  [16, "bool"],
  [17, "bytea"],
  [20, "int8"],
  [1184, "timestamptz"],
  [1185, "_timestamptz"],
  [1700, "numeric"],
  [3802, "jsonb"],
]);

/**
 * Returns the text of a statement, in which a value that declares a type has a cast: `$1::pg_catalog.int8`. The driver
 * cannot declare types by itself.
 */
export function declaredText({ text, strings }: Request["fragment"], parameters: readonly TextParameter[]): string {
  if (parameters.every(({ type }) => type === UNKNOWN)) return text;
  return strings.reduce((before, piece, at) => {
    const name = NAMES.get((parameters[at - 1] as TextParameter).type);
    return `${before}$${at}${name === undefined ? "" : `::pg_catalog.${name}`}${piece}`;
  });
}
