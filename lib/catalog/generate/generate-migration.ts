import { checkKnown, shown } from "../../internal.js";
import { commentLine } from "../../server/comment-line.js";
import type { Change, Pending, Plan, Question, Restart } from "../plan/change.js";
import { atlas } from "./formats/atlas.js";
import { dbmate } from "./formats/dbmate.js";
import { drizzle } from "./formats/drizzle.js";
import { flyway } from "./formats/flyway.js";
import { goose } from "./formats/goose.js";
import { graphileMigrate } from "./formats/graphile-migrate.js";
import type { MigrationFile, MigrationFolder, MigrationScript, Step } from "./formats/migration-script.js";
import { knex, kysely, umzug } from "./formats/modules.js";
import { nodePgMigrate } from "./formats/node-pg-migrate.js";
import { sql } from "./formats/plain-sql.js";
import { prisma } from "./formats/prisma.js";
import { throwGenerateError } from "./formats/throw-generate-error.js";
import { type MigrationFormat, MODULE_EXTENSIONS, type ModuleExtension } from "./migration-formats.js";
import { type Misread, statementLine } from "./statement-line.js";

export type { MigrationFile, MigrationFolder };

/** Options of {@link generateMigration}. */
export interface GenerateOptions {
  /** The name of the migration: letters, digits, `_` and `-`. */
  readonly name: string;
  /** The migration tool that the files are for. */
  readonly format: MigrationFormat;
  /** The time in the file name, which decides its order among other migrations. Default: now. */
  readonly at?: Date | undefined;
  /**
   * The folder that gets the files. Names then continue those in it. Atlas, Drizzle and graphile-migrate need it,
   * because each of their migrations depends on the ones before it. Default: an empty folder.
   */
  readonly folder?: MigrationFolder | undefined;
  /** The kind of module for Knex, Kysely and Umzug. Default: that of the last one in the folder, then `ts`. */
  readonly extension?: ModuleExtension | undefined;
}

/** Describes a tool. */
interface Format {
  write(script: MigrationScript): MigrationFile[];
  readonly misread?: Misread;
  readonly needsFolder?: true;
  readonly isModule?: true;
}

const FORMATS: Readonly<Record<MigrationFormat, Format>> = {
  sql: { write: sql },
  atlas: { write: atlas, needsFolder: true },
  dbmate: { write: dbmate },
  drizzle: {
    write: drizzle,
    needsFolder: true,
    misread: {
      text: /-(?=-> statement-breakpoint)/g,
      name: [/--> statement-breakpoint/, "--> statement-breakpoint"],
    },
  },
  flyway: { write: flyway },
  goose: { write: goose },
  "graphile-migrate": {
    write: graphileMigrate,
    needsFolder: true,
    misread: { text: /:(?=[A-Z])/g, name: [/:[A-Z]/, "a colon and a capital letter"] },
  },
  knex: {
    write: knex,
    isModule: true,
    misread: { text: /\?/g, name: [/\\\?/, "a question mark after a backslash"] },
  },
  kysely: { write: kysely, isModule: true },
  "node-pg-migrate": { write: nodePgMigrate },
  prisma: { write: prisma, misread: { text: /;/g, name: [/;/, "a semicolon"] } },
  umzug: { write: umzug, isModule: true },
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
 * plan, for invalid options, for a name that contains a line break, `${`, a byte order mark or what the tool misreads,
 * and for a folder whose record of its migrations is broken.
 */
export function generateMigration(plan: Plan, options: GenerateOptions): MigrationFile[] {
  checkKnown("generateMigration", options, ["name", "format", "at", "folder", "extension"]);
  const { name, format, at = new Date(), folder, extension } = options;
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
  const { write, misread, needsFolder, isModule } = FORMATS[format];
  if (folder === undefined && needsFolder === true) {
    throwGenerateError(`the migrations of ${format} depend on those before them, and the option folder is missing`);
  }
  if (extension !== undefined && !(isModule === true && MODULE_EXTENSIONS.includes(extension))) {
    const given = JSON.stringify(extension);
    throwGenerateError(
      isModule === true
        ? `the modules of migrations are ${MODULE_EXTENSIONS.join(", ")}, not ${given}`
        : `the migrations of ${format} are not modules, so they have no extension ${given}`,
    );
  }
  const before = folder ?? EMPTY;
  const scripts = [
    { name, at, up: changes.map((each) => upSteps(each, questions, misread)), down: downSteps(changes, misread) },
    {
      name: `${changes.length === 0 ? name : nextName(name)}${LATER}`,
      at: new Date(at.getTime() + (changes.length === 0 ? 0 : 1000)),
      up: pending.map((each, index) => forthLater(each, index, misread)),
      down: downSteps(pending, misread),
    },
  ];
  const written = new Map<string, MigrationFile>();
  for (const script of scripts.filter(({ up }) => up.length > 0)) {
    // The second one comes after the first one, and replaces its records.
    const files = write({ ...script, extension, folder: withFiles(before, written) });
    for (const file of files) written.set(file.path, file);
  }
  // The records come last, so that a failure before leaves them as they were.
  const files = [...written.values()];
  return [...files.filter(({ replaces }) => replaces !== true), ...files.filter(({ replaces }) => replaces === true)];
}

const EMPTY: MigrationFolder = {
  files: [],
  read: (file) => throwGenerateError(`there is no file ${file}`),
  hash: () => throwGenerateError("there is no function for hashes"),
};

function withFiles(folder: MigrationFolder, added: ReadonlyMap<string, MigrationFile>): MigrationFolder {
  return {
    files: [...new Set([...folder.files, ...added.keys()])],
    read: (file) => added.get(file)?.content ?? folder.read(file),
    hash: folder.hash,
  };
}

/** The end of the name of a migration that has to wait for its tables. */
const LATER = "_owners";

/** A name that begins with a number, as golang-migrate requires it, gets the next number. */
function nextName(name: string): string {
  return name.replace(/^\d+/, (number) => `${BigInt(number) + 1n}`.padStart(number.length, "0"));
}

function upSteps({ subject, sql, hazards, restart }: Change, questions: readonly Question[], misread?: Misread): Step {
  const open = questions.filter((question) => question.subject === subject);
  const comments = [
    ...open.map(({ message, otherwise }) => `Question: ${message} ${otherwise}`),
    ...hazards.map(
      ({ code, message, blocked }) => `Hazard ${code}${blocked ? ", which the server refuses" : ""}: ${message}`,
    ),
    ...(restart === undefined ? [] : [adviceOn(restart, sql)]),
  ];
  return {
    comments: comments.map((comment) => commentLine(comment, misread?.text)),
    // Values may have been drawn where the migration runs, even if none was drawn here.
    statement: statementLine(subject, restart?.without ?? sql, misread),
  };
}

function adviceOn({ without }: Restart, sql: string): string {
  return without === null
    ? "Restart: no value was drawn from it here. Do not run this where values were drawn: they would come again."
    : `Where no value was drawn from it, it can begin at its new start: ${sql}`;
}

function forthLater({ subject, sql, message, warning }: Pending, index: number, misread?: Misread): Step {
  return {
    comments: [
      ...(index === 0
        ? ["PENDING: run this after the migrations that create the tables and columns that it names."]
        : []),
      commentLine(`Pending: ${message}`, misread?.text),
      ...(warning === null ? [] : [commentLine(`Warning: ${warning}`, misread?.text)]),
    ],
    statement: statementLine(subject, sql, misread),
  };
}

function downSteps(changes: readonly (Change | Pending)[], misread?: Misread): Step[] {
  const steps = changes.map(({ subject, sql, inverse }) =>
    inverse === null
      ? { comments: [commentLine(`Cannot be undone: ${sql}`, misread?.text)], statement: null }
      : { comments: [], statement: statementLine(subject, inverse, misread) },
  );
  return steps.reverse();
}
