import { readFileSync } from "node:fs";

/** A row of a page: a rule in words, the steps that show it, and what they give. */
export interface Row {
  readonly section: string;
  readonly rule: string;
  readonly steps: string;
  /** By the version of the server from which on it holds; from 0 for all. The newest comes first. */
  readonly gives: readonly { readonly from: number; readonly output: string }[];
}

/** Reads the tables of a page. Each row is `| rule | steps | gives |`. */
export function rowsOf(page: string): Row[] {
  const rows: Row[] = [];
  let section = "";
  for (const line of readFileSync(new URL(page, import.meta.url), "utf8").split("\n")) {
    section = /^#+ (.*)$/.exec(line)?.[1] ?? section;
    if (!line.startsWith("|") || /^\| (-+|rule) *\|/.test(line)) continue;
    const [, rule, steps, gives] = /^\| (.*?) +\| `(.*)` +\| (.*?) +\|$/.exec(line) ?? [];
    if (rule === undefined || steps === undefined || gives === undefined) throw new Error(`${page}: ${line}`);
    rows.push({ section, rule, steps, gives: outputsOf(gives, `${page}: ${rule}`) });
  }
  return rows;
}

/** Reads `` `1` `` or `` `1` from 15, `0A000` before ``. */
function outputsOf(gives: string, where: string): Row["gives"] {
  const [, only] = /^`([^`]*)`$/.exec(gives) ?? [];
  if (only !== undefined) return [{ from: 0, output: only }];
  const [, newer, from, older] = /^`([^`]*)` from (\d+), `([^`]*)` before$/.exec(gives) ?? [];
  if (newer === undefined || older === undefined)
    throw new Error(`${where} gives neither one output nor two: ${gives}`);
  return [
    { from: Number(from), output: newer },
    { from: 0, output: older },
  ];
}

/** What a row gives on a server of this major version. */
export function outputOn(row: Row, version: number): string {
  return row.gives.find(({ from }) => from <= version)!.output;
}
