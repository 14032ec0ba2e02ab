import { inspect } from "node:util";
import type { Database, Sql } from "nextval";

/**
 * Runs a template, and prints it beside what it compiled to and the rows that came back.
 *
 * The function's own source is the template as it was written.
 */
export async function show<Row>(db: Pick<Database, "query">, template: () => Sql<Row>): Promise<Row[]> {
  const fragment = template();
  const rows = await db.query(fragment);
  print("template", String(template).replace(/^\(\)\s*=>\s*/, ""));
  print("text", fragment.text);
  print("values", inspect(fragment.values, { breakLength: 100 }));
  print("rows", rows.length > 0 ? rows.map((row) => inspect({ ...row })).join("\n") : done(rows));
  console.log();
  return rows;
}

export function title(text: string): void {
  console.log(`── ${text} ${"─".repeat(Math.max(0, 76 - text.length))}\n`);
}

function done({ command, count }: { command: string; count: number | null }): string {
  return count === null ? `none (${command.toLowerCase()})` : `none (${command.toLowerCase()}, ${count} done)`;
}

function print(label: string, text: string): void {
  const lines = text.trimEnd().split("\n");
  if (lines[0]?.trim() === "") lines.shift();
  const indents = lines.slice(1).map((line) => line.length - line.trimStart().length);
  const common = Math.min(...indents);
  lines.forEach((line, index) => {
    const own = line.slice(Math.min(common, line.length - line.trimStart().length));
    console.log(`${(index === 0 ? label : "").padStart(10)}  ${own}`);
  });
}
