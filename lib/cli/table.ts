/** Columns side by side: text to the left, and what `right` names to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, [...cell].length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const room = " ".repeat((widths[column] ?? 0) - [...cell].length);
          return right.includes(column) ? room + cell : cell + room;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
