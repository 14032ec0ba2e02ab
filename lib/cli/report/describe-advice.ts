import { inFlags } from "../terminal/flag-names.js";
import { type ShownText, text } from "../terminal/shown-text.js";

/** Formats what to do about a problem, as lines below it: the hint, and the SQL with its semicolon. */
export function describeAdvice(
  { hint, fix }: { readonly hint?: string; readonly fix?: string },
  indent: string,
): ShownText[] {
  return [
    ...(hint === undefined ? [] : [text`${indent}Hint: ${inFlags(hint)}`]),
    ...(fix === undefined ? [] : [text`${indent}Fix:  ${fix};`]),
  ];
}
