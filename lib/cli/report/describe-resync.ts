import type { ResyncMove, ResyncReport, ResyncSkip } from "../../operate/index.js";
import { shownName } from "../../server/names.js";
import { color } from "../terminal/color.js";
import { count, lines, type ShownText, text } from "../terminal/shown-text.js";
import { describeAdvice } from "./describe-advice.js";

/**
 * Describes the moves, the sequences that are left unchanged with the reasons, and how much was compared if nothing
 * moves.
 */
export function describeResync(report: ResyncReport, columns: number): ShownText {
  const groups = new Map<string, ResyncSkip[]>();
  for (const skip of report.skips) {
    const key = JSON.stringify([skip.reason, skip.hint]);
    groups.set(key, [...(groups.get(key) ?? []), skip]);
  }
  const skips = [...groups.values()].map(describeSkips);
  const moves = report.moves.length === 0 ? nothing(report, columns) : describeMoves(report);
  return lines([moves, ...skips]);
}

/** Describes sequences that are left unchanged for one reason. */
function describeSkips(skips: readonly ResyncSkip[]): ShownText {
  const [first, second] = skips;
  const names = skips.slice(0, MAX_NAMED).map(({ sequence }) => shownName(sequence.schema, sequence.name));
  const more = skips.length > MAX_NAMED ? `, and ${skips.length - MAX_NAMED} more` : "";
  const who = text`${names.join(", ")}${more} ${second === undefined ? "is" : "are each"} left alone`;
  return color.dim(lines([text`${who}: ${first?.reason ?? ""}`, ...describeAdvice(first ?? {}, "  ")]));
}

const MAX_NAMED = 5;

export function describeMoves({ moves }: ResyncReport): ShownText {
  return lines(moves.map(describeMove));
}

/** Describes a report without moves. It only mentions columns that were read. */
function nothing({ failures }: ResyncReport, columns: number): string {
  const read = `${count(columns, "column")} ${columns === 1 ? "was" : "were"} read`;
  if (failures.length > 0) {
    return `Nothing can be moved: ${read}, and ${count(failures.length, "sequence")} could not be compared or moved.`;
  }
  if (columns === 0) return "Nothing to move: no column takes its values from a sequence that can be compared with it.";
  return `Nothing to move: ${read}, and no sequence is behind.`;
}

function describeMove({ sequence, column, extreme, from, to, sql }: ResyncMove): ShownText {
  const why =
    column === null
      ? "its columns are empty"
      : `${shownName(column.schema, column.table, column.column)} goes to ${String(extreme)}`;
  const name = shownName(sequence.schema, sequence.name);
  return text`${name}: next is ${from}, but ${why}; moves to ${to}\n  ${sql};`;
}
