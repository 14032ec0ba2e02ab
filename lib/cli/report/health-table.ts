import { percent } from "../../operate/figures.js";
import type { SequenceHealth, SequenceRate } from "../../operate/index.js";
import { sequenceKeyOf, shownName } from "../../server/names.js";
import { bar } from "../terminal/bar.js";
import { lines, type ShownText, text } from "../terminal/shown-text.js";
import { table } from "../terminal/table.js";
import { displayWidth } from "../terminal/text-width.js";
import { wrapped } from "../terminal/wrap.js";
import { daysLeft } from "./days-left.js";

/** A row of the table: a sequence as cells, and what there is to note about it. */
export interface HealthRow {
  readonly health: SequenceHealth;
  readonly sign: string;
  readonly notes: readonly string[];
}

export interface TableOptions {
  /** The rates, if there is an earlier sample. */
  readonly rates: readonly SequenceRate[] | undefined;
  /** Whether there is a column for the days left. It is empty as long as there are no rates. */
  readonly hasDays: boolean;
  /** The width of the terminal; undefined if there is none. */
  readonly columns: number | undefined;
}

/** The widths that a bar may have. It is left out if names would have less room than this. */
const BARS = [20, 10];
const NAME_ROOM = 20;
const INDENT = "    ";

/**
 * Formats the rows of the table, with its header before them. What does not fit into the width of the terminal is on a
 * line of its own below its row: a long name, and the notes.
 */
export function healthTable(
  rows: readonly HealthRow[],
  options: TableOptions,
): { readonly header: ShownText; readonly rows: readonly ShownText[] } {
  const { columns } = options;
  const days = new Map(options.rates?.map((rate) => [sequenceKeyOf(rate.sequence), rate.daysLeft]));
  const cells = [headerOf(options), ...rows.map((row) => cellsOf(row, days, options))];
  const widest = widestOf(formatted(cells));
  const room = columns === undefined ? Infinity : columns - widest - 2;
  const width = BARS.find((each) => room - each - 2 >= NAME_ROOM);
  const [header, ...numbers] = formatted(
    width === undefined ? cells : cells.map((row, index) => withBar(row, rows[index - 1]?.health.used, width)),
  );
  return {
    header: text`${header ?? ""}  sequence`,
    rows: numbers.map((line, index) => withName(line, rows[index] as HealthRow, columns)),
  };
}

/** A call takes fewer arguments than a database may have sequences. */
function widestOf(all: readonly ShownText[]): number {
  return all.reduce((widest, line) => Math.max(widest, displayWidth(`${line}`)), 0);
}

/** Aligns the cells. The last one is padded, so that names begin in one column. */
function formatted(cells: readonly (readonly string[])[]): ShownText[] {
  const right = cells[0]?.flatMap((title, index) => (["used", "left"].includes(title) ? [index] : [])) ?? [];
  const aligned = table(cells, right);
  const widest = widestOf(aligned);
  return aligned.map((line) => text`${line}${" ".repeat(widest - displayWidth(`${line}`))}`);
}

/** Puts the name and the notes after the numbers, each if it fits, else below them. */
function withName(numbers: ShownText, { health, notes }: HealthRow, columns = Infinity): ShownText {
  const name = shownName(health.sequence.schema, health.sequence.name);
  const fits = (line: ShownText) => displayWidth(`${line}`) <= columns;
  const note = notes.length === 0 ? "" : `  ${notes.join(", ")}`;
  const named = text`${numbers}  ${name}`;
  const all = text`${named}${note}`;
  if (fits(all)) return all;
  const below = note === "" ? [] : [wrapped(INDENT + note.trimStart(), columns, INDENT)];
  return fits(named) ? lines([named, ...below]) : lines([numbers, text`${INDENT}${name}`, ...below]);
}

function headerOf({ hasDays }: TableOptions): string[] {
  return ["level", "used", "left", ...(hasDays ? ["lasts for"] : [])];
}

function cellsOf(
  { health, sign }: HealthRow,
  days: ReadonlyMap<string, number | null>,
  { hasDays }: TableOptions,
): string[] {
  const { sequence, used, left } = health;
  const own = days.get(sequenceKeyOf(sequence)) ?? null;
  return [
    sign,
    used === null ? "?" : percent(used),
    left === null ? "?" : left.toLocaleString("en-US"),
    ...(hasDays ? [own === null ? "" : daysLeft(own)] : []),
  ];
}

/** Puts a bar after the share. The header has none. */
function withBar([sign = "", share = "", ...rest]: readonly string[], used: number | null | undefined, width: number) {
  const drawn = used === undefined ? "" : used === null ? "?".repeat(width) : bar(used, width);
  return [sign, share, drawn, ...rest];
}
