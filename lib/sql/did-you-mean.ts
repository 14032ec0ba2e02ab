/**
 * Suggests the known name closest to a mistaken one, as the end of a sentence: `; did you mean orderSeq?` Lists the
 * known names if none is close, up to `MAX_LISTED`.
 */
export function nearest(mistaken: string, known: Iterable<string>): string {
  const names = [...known];
  const scored = names
    .map((name) => ({ name, distance: distance(mistaken.slice(0, MAX_LENGTH).toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = scored;
  if (best === undefined) return "; there are none";
  if (best.distance <= Math.max(2, mistaken.length / 3)) return `; did you mean ${best.name}?`;
  return names.length > MAX_LISTED ? "" : `; there are ${names.join(", ")}`;
}

const MAX_LISTED = 20;

/** Returns the problem of an unknown option, or undefined: `waitTimout is not an option; did you mean waitTimeout?` */
export function unknownOption(options: object, known: readonly string[]): string | undefined {
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  return unknown === undefined ? undefined : notAnOption(unknown, known);
}

/**
 * Suggests the option that begins with the same three letters, as words for one thing do, or is at most two edits away.
 * types/nearest-option.ts has the same rules.
 */
export function notAnOption(mistaken: string, known: readonly string[]): string {
  const from = mistaken.slice(0, MAX_LENGTH).toLowerCase();
  const edits = (name: string) => distance(from, name.toLowerCase());
  const alike = known.filter((name) => from.length > 2 && name.toLowerCase().startsWith(from.slice(0, 3)));
  const close = known.filter((name) => Math.min(from.length, name.length) > 3 && edits(name) <= 2);
  const [best] = (alike.length > 0 ? alike : close).sort((a, b) => edits(a) - edits(b));
  const advice = best === undefined ? `the options are ${known.join(", ")}` : `did you mean ${best}?`;
  return `${mistaken} is not an option; ${advice}`;
}

/** How many characters of a mistaken name are compared, because the time grows with the product of both lengths. */
const MAX_LENGTH = 200;

/** The Levenshtein distance: how many characters to insert, delete or replace. */
function distance(from: string, to: string): number {
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
