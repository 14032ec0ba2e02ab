import { NextvalError } from "../../index.js";
import { checkKnown, shown } from "../../internal.js";
import type { Change, Pending, Plan, Question, Restart } from "../plan/change.js";
import { dbmate } from "./formats/dbmate.js";
import { flyway } from "./formats/flyway.js";
import { goose } from "./formats/goose.js";
import type { MigrationFile, MigrationScript, Step } from "./formats/migration-script.js";
import { nodePgMigrate } from "./formats/node-pg-migrate.js";
import { sql } from "./formats/plain-sql.js";
import type { MigrationFormat } from "./migration-formats.js";
import { commentLine, statementLine } from "./statement-line.js";

export type { MigrationFile };

/** Options of {@link generateMigration}. */
export interface GenerateOptions {
  /** The name of the migration: letters, digits, `_` and `-`. */
  readonly name: string;
  /** The migration tool that the files are for. */
  readonly format: MigrationFormat;
  /** The time in the file name, which decides its order among other migrations. Default: now. */
  readonly at?: Date | undefined;
}

const FORMATS: Readonly<Record<MigrationFormat, (script: MigrationScript) => MigrationFile[]>> = {
  sql,
  dbmate,
  goose,
  "node-pg-migrate": nodePgMigrate,
  flyway,
};

/**
 * Writes a plan as files of a migration tool, with the way back.
 *
 * ```ts
 * generateMigration(made, { name: "cycle_tickets", format: "dbmate" });
 * // [{ path: "20260131235959_cycle_tickets.sql", content: ... }]
 * // -- migrate:up
 * // alter sequence "public"."ticket_seq" cycle;
 * //
 * // -- migrate:down
 * // alter sequence "public"."ticket_seq" no cycle;
 * ```
 *
 * Each hazard is a comment above its statement. A migration does not restart a sequence, as `applyPlan` does if no
 * value was drawn, unless the server would refuse the change otherwise; a comment then says so.
 *
 * Pending owners become a second migration, whose name ends with `_owners`. It comes after the first one, and has to
 * run after the migrations that create its tables. If these are still to be written, give it a later number.
 *
 * Text in a sequence's comment cannot act as a marker or placeholder of a tool. Throws `INVALID_ARGUMENT` for an empty
 * plan, for invalid options, and for a name that contains a line break, `${` or a byte order mark.
 */
export function generateMigration(plan: Plan, options: GenerateOptions): MigrationFile[] {
  checkKnown("generateMigration", options, ["name", "format", "at"]);
  const { name, format, at = new Date() } = options;
  if (typeof name !== "string" || !/^\w[\w-]{0,99}$/.test(name)) {
    const given = JSON.stringify(name);
    throwGenerateError(
      `a migration has a name of up to 100 letters, digits, _ and -, which does not begin with -, not ${given}`,
    );
  }
  if (!Object.hasOwn(FORMATS, format)) {
    throwGenerateError(
      `the formats of migrations are ${Object.keys(FORMATS).join(", ")}, not ${JSON.stringify(format)}`,
    );
  }
  // The times of other years would sort differently as numbers.
  if (!(at instanceof Date) || !(at.getTime() >= Date.UTC(2002, 0)) || !(at.getTime() < Date.UTC(2286, 0))) {
    throwGenerateError(
      `a migration is made at a date of the years 2002 to 2285, not ${at instanceof Date ? String(at) : shown(at)}`,
    );
  }
  const { changes, pending, questions } = plan;
  if (changes.length === 0 && pending.length === 0) {
    throwGenerateError(`the plan of the migration ${name} is empty: nothing differs`);
  }
  const write = FORMATS[format];
  const now = { name, at, up: changes.map((each) => upSteps(each, questions)), down: changes.map(downSteps).reverse() };
  const later = {
    name: `${changes.length === 0 ? name : nextName(name)}${LATER}`,
    at: new Date(at.getTime() + (changes.length === 0 ? 0 : 1000)),
    up: pending.map(forthLater),
    down: pending.map(downSteps).reverse(),
  };
  return [...(changes.length === 0 ? [] : write(now)), ...(pending.length === 0 ? [] : write(later))];
}

/** The end of the name of a migration that has to wait for its tables. */
const LATER = "_owners";

/** A name that begins with a number, as golang-migrate requires it, gets the next number. */
function nextName(name: string): string {
  return name.replace(/^\d+/, (number) => `${BigInt(number) + 1n}`.padStart(number.length, "0"));
}

function upSteps({ subject, sql, hazards, restart }: Change, questions: readonly Question[]): Step {
  const open = questions.filter((question) => question.subject === subject);
  return {
    comments: [
      ...open.map(({ message, otherwise }) => commentLine(`Question: ${message} ${otherwise}`)),
      ...hazards.map(({ code, message, blocked }) =>
        commentLine(`Hazard ${code}${blocked ? ", which the server refuses" : ""}: ${message}`),
      ),
      ...(restart === undefined ? [] : [commentLine(adviceOn(restart, sql))]),
    ],
    // Values may have been drawn where the migration runs, even if none was drawn here.
    statement: statementLine(subject, restart?.without ?? sql),
  };
}

function adviceOn({ without }: Restart, sql: string): string {
  return without === null
    ? "Restart: no value was drawn from it here. Do not run this where values were drawn: they would come again."
    : `Where no value was drawn from it, it can begin at its new start: ${sql}`;
}

function forthLater({ subject, sql, message, warning }: Pending, index: number): Step {
  return {
    comments: [
      ...(index === 0
        ? ["PENDING: run this after the migrations that create the tables and columns that it names."]
        : []),
      commentLine(`Pending: ${message}`),
      ...(warning === null ? [] : [commentLine(`Warning: ${warning}`)]),
    ],
    statement: statementLine(subject, sql),
  };
}

function downSteps({ subject, sql, inverse }: Change | Pending): Step {
  if (inverse !== null) return { comments: [], statement: statementLine(subject, inverse) };
  return { comments: [commentLine(`Cannot be undone: ${sql}`)], statement: null };
}

function throwGenerateError(problem: string): never {
  throw new NextvalError("INVALID_ARGUMENT", problem);
}
