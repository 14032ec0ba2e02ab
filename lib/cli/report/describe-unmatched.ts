import type { DatabaseState } from "../../catalog/index.js";
import type { SequenceFeed, Unmatched } from "../../operate/index.js";
import { excluded } from "../../server/name-patterns.js";
import { sequenceNameOf, shownName } from "../../server/names.js";
import { color } from "../terminal/color.js";
import { printError } from "../terminal/print.js";
import { lines, text } from "../terminal/shown-text.js";
import { describeAdvice } from "./describe-advice.js";

/** Warns of entries of the configuration that match nothing: they are mistyped, or no longer needed. */
export function warnOfUnmatched({
  exclude,
  accepted,
  feeds = [],
}: Unmatched & { readonly feeds?: readonly SequenceFeed[] }): void {
  for (const pattern of exclude) printError(text`${color.yellow("Warning:")} exclude ${pattern} matches no sequence.`);
  for (const { code, sequence, column } of accepted) {
    const where = column === undefined ? sequence : `${sequence}, column ${column}`;
    const warning = text`${color.yellow("Warning:")} accepted ${code} of ${where} matches no finding.`;
    printError(lines([warning, ...describeAdvice({ hint: "Remove it if the finding is solved." }, "  ")]));
  }
  for (const { sequence, schema, table, column } of feeds) {
    const name = typeof sequence === "string" ? sequence : shownName(sequence.schema, sequence.name);
    const place = shownName(schema, table, column);
    const warning = text`${color.yellow("Warning:")} ${name} feeds ${place}, which was not found, or has other values.`;
    printError(lines([warning, ...describeAdvice({ hint: "Look at the names of the sequence and column." }, "  ")]));
  }
}

/** Warns of patterns of `exclude` that match no sequence of a database. */
export function warnOfUnmatchedIn({ sequences }: DatabaseState, exclude: readonly string[]): void {
  const patterns = excluded("pull", exclude);
  for (const sequence of sequences) patterns.has(sequenceNameOf(sequence));
  warnOfUnmatched({ exclude: patterns.unmatched(), accepted: [] });
}
