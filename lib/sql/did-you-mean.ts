/**
 * Suggests the known name closest to a mistaken one, as a hint: `Did you mean orderSeq?` Lists the known names if none
 * is close, up to `MAX_LISTED`. Undefined if there are more.
 */
export function didYouMean(mistaken: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  const from = mistaken.slice(0, MAX_LENGTH).toLowerCase();
  const [best] = names
    .map((name) => ({ name, edits: countEdits(from, name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  if (best === undefined) return "No names are known.";
  if (best.edits <= Math.max(2, mistaken.length / 3)) return `Did you mean ${best.name}?`;
  return names.length > MAX_LISTED ? undefined : `Known names: ${names.join(", ")}.`;
}

const MAX_LISTED = 20;

/** Calls `refuse` if an option is not known. Otherwise a mistyped option would be ignored silently. */
export function refuseUnknown(
  options: object,
  known: readonly string[],
  refuse: (problem: string, hint: string) => never,
): void {
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown !== undefined) refuse(`${unknown} is not an option`, suggestOption(unknown, known));
}

/**
 * Suggests the option that begins with the same three letters, as words for one thing do, or is at most two edits away.
 * types/nearest-option.ts has the same rules.
 */
function suggestOption(mistaken: string, known: readonly string[]): string {
  const from = mistaken.slice(0, MAX_LENGTH).toLowerCase();
  const edits = (name: string) => countEdits(from, name.toLowerCase());
  const alike = known.filter((name) => from.length > 2 && name.toLowerCase().startsWith(from.slice(0, 3)));
  const close = known.filter((name) => Math.min(from.length, name.length) > 3 && edits(name) <= 2);
  const [best] = (alike.length > 0 ? alike : close).sort((a, b) => edits(a) - edits(b));
  return best === undefined ? `The options are ${known.join(", ")}.` : `Did you mean ${best}?`;
}

/** How many characters of a mistaken name are compared, because the time grows with the product of both lengths. */
const MAX_LENGTH = 200;

/** Counts the characters to insert, delete or replace: the Levenshtein distance. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    let diagonal = row[0] as number;
    row[0] = i;
    for (let j = 1; j <= to.length; j++) {
      const above = row[j] as number;
      row[j] = Math.min(above + 1, (row[j - 1] as number) + 1, diagonal + (from[i - 1] === to[j - 1] ? 0 : 1));
      diagonal = above;
    }
  }
  return (row[to.length] ?? 0) as number;
}
