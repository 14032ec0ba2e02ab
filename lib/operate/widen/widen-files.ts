import { WIDEN_FORMATS, type WidenFormat } from "../../catalog/generate/migration-formats.js";
import type { MigrationFile } from "../../catalog/index.js";
import { NextvalError } from "../../index.js";
import { optionsOf, refuseArgument, shown } from "../../internal.js";
import { commentLine } from "../../server/comment-line.js";
import type { WidenPhase, WidenPlan } from "./widen-plan.js";

/** Options of {@link widenFiles}. */
export interface WidenFilesOptions {
  /** The tool that the files are for. `"sql"`, the default, is for psql and golang-migrate. */
  readonly format?: WidenFormat | undefined;
  /** The time in the names of the first file; the next ones are each a second later. Default: now. */
  readonly at?: Date | undefined;
}

/** A phase as text. */
interface Script {
  readonly name: string;
  readonly number: string;
  readonly time: string;
  readonly isTransactional: boolean;
  readonly comments: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly nothing: string;
}

/**
 * Writes the phases of a plan as files, each with its way back. Phases that were run are left out.
 *
 * ```ts
 * widenFiles(await planWiden(db, { table: "orders", column: "id" }));
 * // [{ path: "01_add_orders.up.sql", content: ... }, { path: "01_add_orders.down.sql", content: ... }, ...]
 * ```
 *
 * Run the files in their order, and the last ones, which drop the old columns, when nothing needs the way back. Throws
 * `INVALID_ARGUMENT` for a name or a definition that the tool would misread.
 */
export function widenFiles(plan: WidenPlan, options?: WidenFilesOptions): MigrationFile[] {
  const { format = "sql", at = new Date() } = optionsOf("widenFiles", options, ["format", "at"]);
  if (!WIDEN_FORMATS.includes(format)) {
    refuseArgument("widenFiles", `writes for ${WIDEN_FORMATS.join(", ")}, not ${shown(format)}`);
  }
  if (!(at instanceof Date) || Number.isNaN(at.getTime()))
    refuseArgument("widenFiles", `takes a Date, not ${shown(at)}`);
  if (!Array.isArray(plan?.phases)) refuseArgument("widenFiles", "takes a plan that planWiden made");
  const open = plan.phases.filter(({ isDone }) => !isDone);
  const width = Math.max(2, `${open.length}`.length);
  return open.flatMap((phase, index) => {
    const warnings = index === 0 ? plan.warnings : [];
    const script = scriptOf(
      phase,
      warnings,
      `${index + 1}`.padStart(width, "0"),
      new Date(at.getTime() + index * 1000),
    );
    const files = FORMATS[format](script);
    if (format !== "sql") refuseMisread(script, format);
    return files;
  });
}

function scriptOf(phase: WidenPhase, warnings: readonly string[], number: string, at: Date): Script {
  const { kind, name, notes, up, down, isTransactional } = phase;
  const comments = [...warnings.map((warning) => `Warning: ${warning}`), ...notes];
  return {
    name,
    number,
    time: at.toISOString().replaceAll(/\D/g, "").slice(0, 14),
    isTransactional,
    comments: comments.map((comment) => `-- ${commentLine(comment)}\n`).join(""),
    up,
    down,
    nothing: `-- ${kind === "clean-up" ? "It cannot be undone." : "There is nothing to undo."}\n`,
  };
}

const FORMATS: Readonly<Record<WidenFormat, (script: Script) => MigrationFile[]>> = {
  sql(script) {
    const part = (statements: readonly string[]) =>
      script.isTransactional && statements.length > 0 ? ["begin", ...statements, "commit"] : statements;
    return [
      { path: `${script.number}_${script.name}.up.sql`, content: script.comments + textOf(part(script.up), script) },
      { path: `${script.number}_${script.name}.down.sql`, content: textOf(part(script.down), script) },
    ];
  },
  dbmate(script) {
    const mode = script.isTransactional ? "" : " transaction:false";
    const content =
      `${script.comments}-- migrate:up${mode}\n${textOf(script.up, script)}\n` +
      `-- migrate:down${mode}\n${textOf(script.down, script)}`;
    return [{ path: `${script.time}_${script.name}.sql`, content }];
  },
  goose(script) {
    const part = (statements: readonly string[]) =>
      statements.length === 0
        ? script.nothing
        : statements.map((each) => `-- +goose StatementBegin\n${each};\n-- +goose StatementEnd\n`).join("\n");
    const mode = script.isTransactional ? "" : "-- +goose NO TRANSACTION\n";
    const content = `${script.comments}${mode}-- +goose Up\n${part(script.up)}\n-- +goose Down\n${part(script.down)}`;
    return [{ path: `${script.time}_${script.name}.sql`, content }];
  },
  flyway(script) {
    const rest = `${script.time}__${script.name}.sql`;
    const mode = { content: "executeInTransaction=false\n" };
    return [
      { path: `V${rest}`, content: script.comments + textOf(script.up, script) },
      { path: `U${rest}`, content: textOf(script.down, script) },
      ...(script.isTransactional
        ? []
        : [
            { path: `V${rest}.conf`, ...mode },
            { path: `U${rest}.conf`, ...mode },
          ]),
    ];
  },
};

function textOf(statements: readonly string[], { nothing }: Script): string {
  return statements.length === 0 ? nothing : statements.map((each) => `${each};\n`).join("\n");
}

/** What a tool finds in any text: a marker at the start of a line, a placeholder, a byte order mark. */
const MISREAD = /^\s*--.*(?:migrate:|\+goose)|\$\{|\ufeff/m;

function refuseMisread({ name, up, down }: Script, format: WidenFormat): void {
  if (![...up, ...down].some((statement) => MISREAD.test(statement))) return;
  const problem = `phase ${name} has a name or a definition that ${format} would misread`;
  throw new NextvalError("INVALID_ARGUMENT", problem, { hint: "Write plain SQL instead." });
}
