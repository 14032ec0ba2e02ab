import { printableLine } from "./escape.js";
import { type ShownText, text } from "./shown-text.js";
import { displayWidth } from "./text-width.js";

/**
 * Formats rows as lines with aligned columns. Cells are aligned to the left, or to the right for the columns in
 * `right`.
 */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): ShownText[] {
  const cells = rows.map((row) => row.map((text) => printableLine(text)));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
  }
  return cells.map((row) => {
    const line = row
      .map((cell, column) => {
        const room = " ".repeat((widths[column] ?? 0) - displayWidth(cell));
        return right.includes(column) ? room + cell : cell + room;
      })
      .join("  ")
      .trimEnd();
    return text`${line}`;
  });
}
