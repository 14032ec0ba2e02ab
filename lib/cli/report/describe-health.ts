import type {
  AcceptedProblem,
  Health,
  HealthLevel,
  HealthProblem,
  SequenceHealth,
  SequenceRate,
} from "../../operate/index.js";
import { color } from "../terminal/color.js";
import { inFlags } from "../terminal/flag-names.js";
import { count, lines, type Shown, type ShownText, text } from "../terminal/shown-text.js";
import { wrapped } from "../terminal/wrap.js";
import { describeAdvice } from "./describe-advice.js";
import { healthTable } from "./health-table.js";

export interface FormatOptions {
  /** The rates, if there is an earlier sample. */
  readonly rates: readonly SequenceRate[] | undefined;
  /** Whether there is a column for the days left, which is empty as long as there are no rates. Default: with rates. */
  readonly hasDays?: boolean;
  /** Whether to print informational findings as sentences. */
  readonly verbose: boolean;
  /** The width of the terminal; undefined if there is none. */
  readonly columns: number | undefined;
  /** How many lines there is room for. Default: any number. */
  readonly lines?: number;
}

const SIGNS: Readonly<Record<HealthLevel, string>> = { ok: "ok", warning: "warning", critical: "CRITICAL" };

/** Formats the health for people: a row per sequence, its problems below, and the totals at the end. */
export function describeHealth(
  { sequences, level, excluded }: Health,
  { rates, hasDays = rates !== undefined, verbose, columns, lines: room = Infinity }: FormatOptions,
): ShownText {
  if (sequences.length === 0) {
    if (excluded === 0) return text`There are no sequences.`;
    return excluded === 1 ? text`The only sequence is excluded.` : text`All ${excluded} sequences are excluded.`;
  }
  const rows = sequences.map((health) => ({ health, sign: SIGNS[health.level], notes: notesOf(health) }));
  const { header, rows: formatted } = healthTable(rows, { rates, hasDays, columns });
  const blocks = sequences.map((sequence, index) => {
    const problems = sequence.problems.filter((problem) => verbose || problem.level !== "ok");
    const paint = paintOf(sequence.level);
    return lines([
      paint(formatted[index] ?? ""),
      ...problems.map((problem) => {
        const shown = describeProblem(problem, columns);
        return problem.level === "ok" ? color.dim(shown) : shown;
      }),
      ...(verbose ? sequence.accepted.map((each) => describeAccepted(each, columns)) : []),
    ]);
  });
  const { kept, left } = fitting(blocks, room - 4);
  const rest = left === 0 ? [] : [color.dim(text`${count(left, "more sequence")}; a taller terminal shows more`)];
  return lines([color.dim(header), ...kept, ...rest, "", healthSummary({ sequences, level })]);
}

/** Keeps the first blocks, as many as fit into a number of lines. */
function fitting(blocks: readonly ShownText[], room: number): { kept: readonly ShownText[]; left: number } {
  let used = 0;
  const kept = blocks.filter((block) => (used += `${block}`.split("\n").length) <= room);
  return { kept, left: blocks.length - kept.length };
}

function describeProblem(problem: HealthProblem, columns: number | undefined): ShownText {
  const { code, message } = problem;
  const first = wrapped(`    ! ${code} ${inFlags(message)}`, columns, "      ");
  return lines([first, ...describeAdvice(problem, "      ", columns)]);
}

function describeAccepted({ code, message, reason }: AcceptedProblem, columns: number | undefined): ShownText {
  return color.dim(wrapped(`    ! ${code} (accepted: ${reason}) ${inFlags(message)}`, columns, "      "));
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
  return code === "NOT_ATTACHED" ? "no column known" : code.toLowerCase().replaceAll("_", " ");
}

/** Includes the reason if reading would run others' code, because the user decides about that. */
function notCompared(columns: SequenceHealth["columns"]): string {
  const reasons = columns.flatMap((column) => column.notCompared ?? []);
  const reason = reasons.find((each) => each.startsWith("reading "));
  return reason === undefined ? "not compared" : `not compared: ${reason.replace(/[,;].*/s, "")}`;
}

function paintOf(level: HealthLevel): (shown: Shown) => ShownText {
  return level === "critical" ? color.red : level === "warning" ? color.yellow : (shown) => text`${shown}`;
}

/** Counts the sequences by level. */
export function healthSummary({ sequences, level: worst }: Pick<Health, "sequences" | "level">): ShownText {
  const countOf = (level: HealthLevel) => sequences.filter((each) => each.level === level).length;
  const counts =
    `${count(sequences.length, "sequence")}: ${countOf("critical")} critical, ${countOf("warning")} warning, ` +
    `${countOf("ok")} ok`;
  return paintOf(worst)(counts);
}
