import { eastAsianWidth } from "get-east-asian-width";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Returns how many columns a text takes on a terminal: two for wide East Asian characters and emoji, none for combining
 * ones.
 */
export function displayWidth(text: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += widthOf(segment);
  return columns;
}

/** Cuts a text to a number of columns. */
export function truncateToWidth(text: string, columns: number): string {
  let left = columns;
  let kept = "";
  for (const { segment } of graphemes.segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return kept;
}

function widthOf(grapheme: string): number {
  if (/^[\p{Mark}\p{Format}\p{Default_Ignorable_Code_Point}]+$/u.test(grapheme)) return 0;
  // Variation selector 16 selects the emoji form, and two regional indicators make one flag.
  if (/\ufe0f|^\p{Regional_Indicator}{2}$/u.test(grapheme)) return 2;
  return eastAsianWidth(grapheme.codePointAt(0) as number);
}
