import type { ResyncMove, ResyncReport } from "../../operate/index.js";
import { shownName } from "../../server/names.js";
import { color } from "../terminal/color.js";
import { count, lines, type ShownText, text } from "../terminal/shown-text.js";
import { describeAdvice } from "./describe-advice.js";

/**
 * Describes the moves, the sequences that are left unchanged with the reasons, and how much was compared if nothing
 * moves.
 */
export function describeResync(report: ResyncReport, columns: number): ShownText {
  const skips = report.skips.map((skip) => {
    const name = shownName(skip.sequence.schema, skip.sequence.name);
    return color.dim(lines([text`${name} is left alone: ${skip.reason}`, ...describeAdvice(skip, "  ")]));
  });
  const moves = report.moves.length === 0 ? nothing(report, columns) : describeMoves(report);
  return lines([moves, ...skips]);
}

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
