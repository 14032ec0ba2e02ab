import { median, quartiles } from "./interleave.js";

/** A table of what was measured, for the reader; the JSON holds the same rows. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A target for a figure, and whether it was met on this machine at this moment. */
export interface Target extends Beside {
  readonly what: string;
  readonly wanted: string;
  /** The median, if it was measured several times. */
  readonly measured: number;
  /** The lower and the upper quartile. */
  readonly quartiles?: readonly [low: number, high: number] | undefined;
  readonly verdict: "met" | "MISSED" | "within noise";
}

/** What a figure is read beside, in the same unit. */
export interface Beside {
  readonly unit?: string | undefined;
  /** What it cannot beat. */
  readonly limit?: string | undefined;
  /** The best of the others. */
  readonly peer?: string | undefined;
}

/** A figure that was measured once, or that of each round. */
export type Figure = number | readonly number[];

/** The result of one part of the bench. */
export interface Report {
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
}

export function atMost(what: string, figure: Figure, most: number, beside: Beside = {}): Target {
  return target(what, figure, `<= ${most}`, (measured) => measured <= most, beside);
}

export function atLeast(what: string, figure: Figure, least: number, beside: Beside = {}): Target {
  return target(what, figure, `>= ${least}`, (measured) => measured >= least, beside);
}

function target(
  what: string,
  figure: Figure,
  wanted: string,
  isMet: (measured: number) => boolean,
  beside: Beside,
): Target {
  const all = typeof figure === "number" ? [figure] : figure;
  const [low, high] = quartiles(all);
  const measured = median(all);
  return {
    what,
    wanted: `${wanted}${beside.unit ?? ""}`,
    measured: round(measured),
    quartiles: all.length > 1 ? [round(low), round(high)] : undefined,
    verdict: isMet(low) !== isMet(high) ? "within noise" : isMet(measured) ? "met" : "MISSED",
    ...beside,
  };
}

/** The ratios of what was measured in the same rounds. */
export function ratios(own: readonly number[], others: readonly number[]): number[] {
  return own.map((figure, turn) => figure / (others[turn] as number));
}

/** The one with the least figure, as the best of the others. */
export function least(all: readonly { readonly name: string; readonly figure: number }[]): string | undefined {
  return first([...all].sort((one, other) => one.figure - other.figure));
}

/** The one with the greatest figure. */
export function greatest(all: readonly { readonly name: string; readonly figure: number }[]): string | undefined {
  return first([...all].sort((one, other) => other.figure - one.figure));
}

function first([best]: readonly { readonly name: string; readonly figure: number }[]): string | undefined {
  return best && `${round(best.figure).toLocaleString("en-US")} (${best.name})`;
}

export function spread(figures: readonly number[]): string {
  return quartiles(figures).map(round).join(" to ");
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
    columns: ["", "wanted", "measured", "quartiles", ""],
    rows: targets.map(({ what, wanted, measured, quartiles: own, verdict }) => [
      what,
      wanted,
      measured,
      own === undefined ? "" : own.join(" to "),
      verdict,
    ]),
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
