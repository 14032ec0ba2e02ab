import type { AcceptedProblem, Health, HealthLevel, SequenceHealth, SequenceRate } from "../../operate/index.js";
import { sequenceKeyOf } from "../../server/names.js";
import { bar, percent } from "../terminal/bar.js";
import { color } from "../terminal/color.js";
import { inFlags } from "../terminal/flag-names.js";
import { shownName } from "../terminal/quote-name.js";
import { count, lines, type Shown, type ShownText, text } from "../terminal/shown-text.js";
import { table } from "../terminal/table.js";
import { displayWidth } from "../terminal/text-width.js";
import { daysLeft } from "./days-left.js";
import { describeAdvice } from "./describe-advice.js";

export interface FormatOptions {
  /** The rates, if there is an earlier sample. */
  readonly rates: readonly SequenceRate[] | undefined;
  /** Whether to print informational findings as sentences. */
  readonly verbose: boolean;
  /** The width of the terminal; undefined if there is none. */
  readonly columns: number | undefined;
}

const SIGNS: Readonly<Record<HealthLevel, string>> = { ok: "ok", warning: "warning", critical: "CRITICAL" };

/** Formats the health for people: a row per sequence, its problems below, and the totals at the end. */
export function describeHealth({ sequences, level }: Health, { rates, verbose, columns }: FormatOptions): ShownText {
  if (sequences.length === 0) return text`There are no sequences.`;
  const days = rates && new Map(rates.map((each) => [sequenceKeyOf(each.sequence), each.daysLeft]));
  const rows = sequences.map((sequence) => rowOf(sequence, days));
  const table = withBars(sequences, rows, columns);
  const blocks = sequences.map((sequence, index) => {
    const problems = sequence.problems.filter((problem) => verbose || problem.level !== "ok");
    const paint = paintOf(sequence.level);
    const accepted = verbose ? sequence.accepted.map(describeAccepted) : [];
    return lines([
      paint(table[index] ?? ""),
      ...problems.map((problem) => {
        const { code, level, message } = problem;
        const shown = lines([text`    ! ${code} ${inFlags(message)}`, ...describeAdvice(problem, "      ")]);
        return level === "ok" ? color.dim(shown) : shown;
      }),
      ...accepted,
    ]);
  });
  return lines([...blocks, "", summary(sequences, level)]);
}

function describeAccepted({ code, message, reason }: AcceptedProblem): ShownText {
  return color.dim(text`    ! ${code} (accepted: ${reason}) ${inFlags(message)}`);
}

/** The cells of a row, without the bar. */
function rowOf(sequence: SequenceHealth, days: ReadonlyMap<string, number | null> | undefined): string[] {
  const { used, left, level } = sequence;
  const own = days?.get(sequenceKeyOf(sequence.sequence));
  return [
    SIGNS[level],
    shownName(sequence.sequence.schema, sequence.sequence.name),
    used === null ? "" : percent(used),
    left === null ? "" : `${left.toLocaleString("en-US")} left`,
    ...(days === undefined ? [] : [own === undefined || own === null ? "" : daysLeft(own)]),
    notesOf(sequence).join(", "),
  ];
}

/** Lists the informational findings in few words. `verbose` prints the sentences. */
function notesOf({ cycles, cache, problems, accepted, columns }: SequenceHealth): string[] {
  const codes = problems.flatMap(({ code, level }) => (level === "ok" ? [code] : []));
  const notes = codes.map((code) =>
    code === "CACHE_LOST" ? `cache ${cache}` : code === "NOT_COMPARED" ? notCompared(columns) : inWords(code),
  );
  // Informational findings are accepted in order not to see them.
  const known = accepted.flatMap(({ code, level }) => (level === "ok" ? [] : [`${inWords(code)} (accepted)`]));
  return [...(cycles ? ["cycles"] : []), ...new Set([...notes, ...known])];
}

function inWords(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

/** Includes the reason if reading would run others' code, because the user decides about that. */
function notCompared(columns: SequenceHealth["columns"]): string {
  const reasons = columns.flatMap((column) => column.notCompared ?? []);
  const reason = reasons.find((each) => each.startsWith("reading "));
  return reason === undefined ? "not compared" : `not compared: ${reason.replace(/[,;].*/s, "")}`;
}

const WIDEST = 20;
const NARROWEST = 4;

/** Adds bars to the rows. A bar takes the width that the rest of a row leaves. */
function withBars(
  sequences: readonly SequenceHealth[],
  rows: readonly string[][],
  columns: number | undefined,
): ShownText[] {
  const plain = table(rows, [2, 3, 4].slice(0, (rows[0]?.length ?? 0) - 3));
  const longest = Math.max(...plain.map((line) => displayWidth(`${line}`)));
  const width = columns === undefined ? WIDEST : Math.min(WIDEST, columns - longest - 2);
  if (width < NARROWEST) return plain;
  const withBar = rows.map(([sign = "", ...rest], index) => {
    const used = sequences[index]?.used ?? null;
    return [sign, used === null ? "?".repeat(width) : bar(used, width), ...rest];
  });
  return table(withBar, [3, 4, 5].slice(0, (rows[0]?.length ?? 0) - 3));
}

function paintOf(level: HealthLevel): (shown: Shown) => ShownText {
  return level === "critical" ? color.red : level === "warning" ? color.yellow : (shown) => text`${shown}`;
}

function summary(sequences: readonly SequenceHealth[], worst: HealthLevel): ShownText {
  const countOf = (level: HealthLevel) => sequences.filter((each) => each.level === level).length;
  const counts =
    `${count(sequences.length, "sequence")}: ${countOf("critical")} critical, ${countOf("warning")} warning, ` +
    `${countOf("ok")} ok`;
  return paintOf(worst)(counts);
}
