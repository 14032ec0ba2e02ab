import { median, quartiles } from "./interleave.js";
import { type Report, round, type Target } from "./report.js";

/** Compares the figures that have a target, of runs of two checkouts that were made in pairs. */
export function compare(theirs: readonly Report[], ours: readonly Report[]): Report {
  const [last] = ours.slice(-1) as [Report];
  const rows = last.targets.map(({ what, wanted }, row) => {
    const figures = (reports: readonly Report[]) =>
      reports.map(({ targets }) => (targets[row] as Target | undefined)?.measured ?? Number.NaN);
    const before = figures(theirs);
    const after = figures(ours);
    const ratios = after.map((figure, pair) => figure / (before[pair] as number));
    const [low, high] = quartiles(ratios);
    const ratio = median(ratios);
    const verdict = low <= 1 && high >= 1 ? "within noise" : ratio > 1 === wanted.startsWith(">=") ? "better" : "worse";
    return [
      what,
      wanted,
      round(median(before)),
      round(median(after)),
      round(ratio),
      `${round(low)} to ${round(high)}`,
      verdict,
    ];
  });
  const columns = ["", "wanted", "the other checkout", "this one", "ratio", "quartiles", ""];
  return { tables: [{ title: `Medians of ${ours.length} pairs of runs`, columns, rows }], targets: [] };
}
