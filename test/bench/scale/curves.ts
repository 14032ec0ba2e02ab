import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writeFigures } from "../write-figures.js";

/** What a function takes, by the number of sequences. */
export interface Curve {
  readonly name: string;
  readonly time: readonly Point[];
  readonly memory: readonly Point[];
}

type Point = readonly [sequences: number, amount: number];

/** Draws the curves into the docs, and writes the figures of the same run into the page that shows them. */
export function drawCurves(
  curves: readonly Curve[],
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const draw = (name: string, title: string, unit: string, points: (curve: Curve) => readonly Point[]) =>
    writeFileSync(
      fileURLToPath(new URL(`../../../docs/internals/scale-${name}.svg`, import.meta.url)),
      chart(
        title,
        unit,
        curves.map((curve) => ({ name: curve.name, points: points(curve) })),
      ),
    );
  draw("time", "Processor time by the number of sequences", "ms", ({ time }) => time);
  draw("memory", "Memory of the client by the number of sequences", "MB", ({ memory }) => memory);
  writeFigures("scale", columns, rows);
}

const [WIDTH, HEIGHT] = [680, 400];
const AREA = { left: 60, top: 20, right: 560, bottom: 350 };

/** Colors that are legible on white and on black. */
const COLORS = ["#3b82f6", "#ef4444", "#10b981", "#d97706", "#a855f7", "#06b6d4", "#ec4899"];

/** Draws lines on two logarithmic scales. A line that grows in proportion to the sequences rises by the dotted one. */
function chart(title: string, unit: string, lines: readonly { name: string; points: readonly Point[] }[]): string {
  const all = lines.flatMap(({ points }) => points);
  const [firstX, lastX] = range(all.map(([x]) => x));
  const [firstY, lastY] = range(all.map(([, y]) => Math.max(y, 0.1)));
  const scale = (from: number, to: number, first: number, last: number) => (value: number) =>
    from + ((Math.log10(value) - first) / Math.max(1, last - first)) * (to - from);
  const x = scale(AREA.left, AREA.right, firstX, lastX);
  const y = scale(AREA.bottom, AREA.top, firstY, lastY);
  const at = ([sequences, amount]: Point) => `${x(sequences).toFixed(1)},${y(Math.max(amount, 0.1)).toFixed(1)}`;
  const powers = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  const text = (left: number, top: number, anchor: string, content: string, color = "#808080") =>
    `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" text-anchor="${anchor}" fill="${color}">${content}</text>`;
  const grid = [
    ...powers(firstX, lastX).flatMap((value) => [
      `<path d="M${x(value).toFixed(1)},${AREA.top}V${AREA.bottom}" />`,
      text(x(value), AREA.bottom + 20, "middle", value.toLocaleString("en-US")),
    ]),
    ...powers(firstY, lastY).flatMap((value) => [
      `<path d="M${AREA.left},${y(value).toFixed(1)}H${AREA.right}" />`,
      text(AREA.left - 8, y(value) + 4, "end", value.toLocaleString("en-US")),
    ]),
  ];
  // The names stand at the ends of their lines, and not on one another.
  const labels = lines
    .map(({ name, points }, index) => ({
      name,
      color: COLORS[index],
      top: y(Math.max(points.at(-1)?.[1] ?? 1, 0.1)),
    }))
    .sort((one, other) => one.top - other.top);
  let free = 0;
  const placed = labels.map(({ name, color, top }) => {
    free = Math.max(free + 15, top);
    return text(AREA.right + 10, free + 4, "start", name, color);
  });
  const drawn = lines.map(
    ({ points }, index) =>
      `<polyline points="${points.map(at).join(" ")}" fill="none" stroke-width="2" stroke="${COLORS[index]}" />`,
  );
  const summary = lines.map(
    ({ name, points }) =>
      `${name}: ${points.map(([size, amount]) => `${Math.round(amount)} ${unit} at ${size}`).join(", ")}`,
  );
  const size = `viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size}>
<title>${title}, in ${unit}</title>
<desc>${summary.join(". ")}.</desc>
<g stroke="#808080" stroke-opacity="0.3" fill="none">
${grid.filter((each) => each.startsWith("<path")).join("\n")}
</g>
${grid.filter((each) => each.startsWith("<text")).join("\n")}
${text((AREA.left + AREA.right) / 2, AREA.bottom + 40, "middle", "sequences")}
${text(AREA.left - 8, AREA.top - 6, "end", unit)}
${drawn.join("\n")}
${placed.join("\n")}
</svg>
`;
}

/** Returns the powers of ten around the figures. */
function range(figures: readonly number[]): [first: number, last: number] {
  return [Math.floor(Math.log10(Math.min(...figures))), Math.ceil(Math.log10(Math.max(...figures)))];
}
