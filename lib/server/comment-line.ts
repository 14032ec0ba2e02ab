/**
 * Characters that may end a line for some tool, characters that change the reading direction, and the byte order mark,
 * which Flyway removes everywhere. Source: its `BomStrippingReader`.
 */
// eslint-disable-next-line no-control-regex
export const UNSAFE = /[\0-\x08\n-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\$(?=\{)/g;

/** Matches nothing. */
const NOTHING = /(?!)/g;

/**
 * Writes text for a comment. Characters that would end the line, and text that would be a placeholder or an annotation
 * of goose, are changed. goose treats any comment with `+goose` as an annotation, wherever it is in the line. Source:
 * its `sqlparser`.
 *
 * @param misread - what else a tool would misread, with the flag `g`
 */
export function commentLine(text: string, misread: RegExp = NOTHING): string {
  return text
    .replaceAll(UNSAFE, (found) => (found === "$" ? "$ " : " "))
    .replaceAll("+goose", "+ goose")
    .replaceAll(misread, (found) => (found === ";" ? "," : `${found} `));
}
