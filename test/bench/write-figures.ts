import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Target } from "./report.js";

const BEGIN = "<!-- figures -->";
const END = "<!-- end of figures -->";

/** Writes a table into a page of docs/internals, between its two comments. */
export function writeFigures(
  page: "limits" | "scale",
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const path = fileURLToPath(new URL(`../../docs/internals/${page}.md`, import.meta.url));
  const text = readFileSync(path, "utf8");
  const [before, rest = ""] = text.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  const lines = [columns, ...rows].map((row) => `| ${row.map((cell) => cell.toLocaleString("en-US")).join(" | ")} |`);
  lines.splice(1, 0, `|---${"|--:".repeat(columns.length - 1)}|`);
  writeFileSync(path, `${before}${BEGIN}\n\n${lines.join("\n")}\n\n${after}`);
  // npm has put the programs of the packages on the path.
  execFileSync("oxfmt", [path]);
}

/** Writes every target of a run into the page of limits. */
export function writeLimits(targets: readonly Target[]): void {
  writeFigures(
    "limits",
    ["", "limit", "best peer", "nextval", "quartiles", "wanted", ""],
    targets.map(({ what, limit = "", peer = "", measured, quartiles, wanted, verdict }) => [
      what.replaceAll(/[<>|`{}]/g, ""),
      limit,
      peer,
      measured,
      quartiles?.map((each) => each.toLocaleString("en-US")).join(" to ") ?? "",
      wanted.replace("<=", "at most").replace(">=", "at least"),
      verdict === "MISSED" ? "missed" : verdict,
    ]),
  );
}
