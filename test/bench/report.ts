/** A table of what was measured, for the reader; the JSON holds the same rows. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A target for a figure, and whether it was met on this machine at this moment. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: number;
  readonly met: boolean;
}

/** The result of one part of the bench. */
export interface Report {
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
}

export function atMost(what: string, measured: number, limit: number, unit = ""): Target {
  return { what, wanted: `<= ${limit}${unit}`, measured: round(measured), met: measured <= limit };
}

export function atLeast(what: string, measured: number, limit: number, unit = ""): Target {
  return { what, wanted: `>= ${limit}${unit}`, measured: round(measured), met: measured >= limit };
}

/** Three digits are all that a noisy machine can measure. */
export function round(figure: number): number {
  return Number(figure.toPrecision(3));
}

export function printReport({ tables, targets }: Report): void {
  for (const table of tables) print(table);
  if (targets.length === 0) return;
  print({
    title: "Targets",
    columns: ["", "wanted", "measured", ""],
    rows: targets.map(({ what, wanted, measured, met }) => [what, wanted, measured, met ? "met" : "MISSED"]),
  });
}

function print({ title, columns, rows }: Table): void {
  const lines = [columns, ...rows].map((row) => row.map((cell) => cell.toLocaleString("en-US")));
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const [heading = "", ...body] = lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
  console.log(`\n${title}\n\n  ${[heading, "-".repeat(heading.length), ...body].join("\n  ")}`);
}
