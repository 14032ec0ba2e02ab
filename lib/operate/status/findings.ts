import type { Advice } from "../../internal.js";
import { type ColumnName, columnOf, type SequenceName, titleOf, naming } from "../../server/names.js";
import type { HealthCode, HealthLevel, HealthProblem } from "./health.js";

/** A problem of one column, or of a sequence itself. */
export interface Finding extends Advice {
  readonly code: HealthCode;
  readonly level: HealthLevel;
  /** The column that it is about; null if it is about the sequence. */
  readonly column: ColumnName | null;
  /** The name in the message. Default: that of the column. */
  readonly name?: string;
  /** The plural of the kind of thing that has the name. Default: columns. */
  readonly noun?: string;
  /** Findings of one code and level become one problem if they also have the same text here. Default: none. */
  readonly kind?: string;
  /** Writes what is wrong, after the name of the sequence. `these` are the names of all findings of one problem. */
  readonly say: (these: string, areMany: boolean) => string;
}

/** Makes problems of findings. Several columns with the same problem become one, which names a few of them. */
export function mergeFindings(sequence: SequenceName, findings: readonly Finding[]): HealthProblem[] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.code, finding.level, finding.kind]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()].map((group) => problemOf(sequence, group));
}

function problemOf(sequence: SequenceName, group: readonly [Finding, ...Finding[]]): HealthProblem {
  const [{ code, level, say, hint, noun = "columns" }] = group;
  const names = distinct(group.flatMap(({ name, column }) => name ?? (column === null ? [] : columnOf(column))));
  // One statement that is missing would leave a part of the problem.
  const fixes = group.some(({ fix }) => fix === undefined) ? [] : distinct(group.map(({ fix }) => fix as string));
  return {
    code,
    level,
    message: naming(titleOf(sequence), names, noun, say),
    ...(hint === undefined ? {} : { hint }),
    ...(fixes.length === 0 ? {} : { fix: fixes.join("; ") }),
    columns: distinct(group.flatMap(({ column }) => (column === null ? [] : JSON.stringify(nameOf(column))))).map(
      (name) => JSON.parse(name) as ColumnName,
    ),
  };
}

function nameOf({ schema, table, column }: ColumnName): ColumnName {
  return { schema, table, column };
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
