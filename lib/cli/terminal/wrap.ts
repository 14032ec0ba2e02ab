import { printableLine } from "./escape.js";
import { lines, type ShownText, text } from "./shown-text.js";
import { displayWidth } from "./text-width.js";

/** Wraps a sentence at its spaces, so that no line is wider than the terminal. Later lines start with the indent. */
export function wrapped(sentence: string, columns: number | undefined, indent = ""): ShownText {
  return fill(printableLine(sentence).split(" "), columns, indent);
}

/**
 * Wraps SQL at spaces outside of quotes, where a line break means the same. So it can be copied from the terminal and
 * run.
 */
export function wrappedSql(prefix: string, statement: string, columns: number | undefined, indent = ""): ShownText {
  const [first = "", ...others] = printableLine(statement).match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return fill([prefix + first, ...others], columns, indent);
}

function fill(words: readonly string[], columns: number | undefined, indent: string): ShownText {
  const [first = "", ...others] = words;
  const filled = [first];
  for (const word of others) {
    const longer = `${filled.at(-1)} ${word}`;
    if (columns === undefined || displayWidth(longer) <= columns) filled[filled.length - 1] = longer;
    else filled.push(indent + word);
  }
  return lines(filled.map((line) => text`${line}`));
}
