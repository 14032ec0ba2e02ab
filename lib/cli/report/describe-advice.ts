import { inFlags } from "../terminal/flag-names.js";
import type { ShownText } from "../terminal/shown-text.js";
import { wrapped, wrappedSql } from "../terminal/wrap.js";

/** Formats what to do about a problem, as lines below it: the hint, and the SQL with its semicolon. */
export function describeAdvice(
  { hint, fix }: { readonly hint?: string; readonly fix?: string },
  indent: string,
  columns?: number,
): ShownText[] {
  const below = `${indent}      `;
  return [
    ...(hint === undefined ? [] : [wrapped(`${indent}Hint: ${inFlags(hint)}`, columns, below)]),
    ...(fix === undefined ? [] : [wrappedSql(`${indent}Fix:  `, `${fix};`, columns, below)]),
  ];
}
