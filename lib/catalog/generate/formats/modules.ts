import type { MigrationFormat, ModuleExtension } from "../migration-formats.js";
import type { MigrationFile, MigrationScript, Step } from "./migration-script.js";
import { nextName } from "./next-name.js";
import { throwGenerateError } from "./throw-generate-error.js";

/** Describes the functions that a tool calls in a module. */
interface Tool {
  readonly format: MigrationFormat;
  /** How the names of files begin in a new folder. */
  readonly first: "dotted" | "milliseconds" | "timestamp";
  /** What the tool finds without settings of its own. */
  readonly extensions: readonly ModuleExtension[];
  /** What the functions need, before them. */
  header(typed: boolean, isCommonJs: boolean): string;
  readonly parameter: string;
  readonly type: string;
  /** Writes what sends the statements. Each is a template literal, with its comments before it. */
  body(steps: readonly CodeStep[]): string;
}

interface CodeStep {
  readonly comments: string;
  readonly literal: string | null;
}

/**
 * Writes a module for Knex. Knex runs it in a transaction. A question mark in raw SQL would be a parameter, unless a
 * backslash precedes it. Sources: Knex' `positionBindings` and `DEFAULT_LOAD_EXTENSIONS`.
 */
export const knex = moduleFor({
  format: "knex",
  first: "timestamp",
  extensions: ["ts", "js", "cjs"],
  header: (typed) => (typed ? 'import type { Knex } from "knex";\n\n' : ""),
  parameter: "knex",
  type: "Knex",
  body: (steps) => one(steps, (literal) => `await knex.raw(${literal.replaceAll("?", "\\\\?")});`),
});

/** Writes a module for Kysely's Migrator, which runs it in a transaction. Source: its `FileMigrationProvider`. */
export const kysely = moduleFor({
  format: "kysely",
  first: "milliseconds",
  extensions: ["ts", "js", "mjs"],
  header: (typed, isCommonJs) =>
    isCommonJs
      ? 'const { sql } = require("kysely");\n\n'
      : `import { ${typed ? "type Kysely, " : ""}sql } from "kysely";\n\n`,
  parameter: "db",
  type: "Kysely<unknown>",
  body: (steps) => one(steps, (literal) => `await sql.raw(${literal}).execute(db);`),
});

const UMZUG_CONTEXT = "// The context of Umzug: Sequelize, its query interface, or a client or pool of pg.\n";

/**
 * Writes a module for Umzug. Umzug opens no transaction, so the statements are one text, which the server runs in one.
 * Umzug does not say what its context is: it may be Sequelize or its query interface, or a client with `query`.
 */
export const umzug = moduleFor({
  format: "umzug",
  first: "dotted",
  extensions: ["ts", "js", "mjs", "cjs"],
  header: (typed) =>
    typed
      ? `${UMZUG_CONTEXT}interface Client {\n  query(text: string): PromiseLike<unknown>;\n}\n` +
        "type Given = { context: Client | { sequelize: Client } };\n\n"
      : `${UMZUG_CONTEXT}\n`,
  parameter: "{ context }",
  type: "Given",
  body: (steps) => {
    const items = indent(one(steps, (literal) => `${literal},`));
    const client = 'const client = "query" in context ? context : context.sequelize;';
    return `${client}\nawait client.query([\n${items}].join(";\\n"));\n`;
  },
});

function moduleFor(tool: Tool): (script: MigrationScript) => MigrationFile[] {
  const { format, first, extensions, header } = tool;
  return ({ name, at, up, down, folder, extension: wanted }) => {
    const others = folder.files.filter((file) => /^[^/]+(?<!\.d)\.[cm]?[jt]s$/.test(file)).sort();
    const last = others.at(-1);
    const extension = wanted ?? extensions.find((each) => last?.endsWith(`.${each}`) === true) ?? "ts";
    if (!extensions.includes(extension)) {
      throwGenerateError(`the modules of ${format} are ${extensions.join(", ")}, not ${JSON.stringify(extension)}`);
    }
    const isCommonJs =
      extension === "cjs" ||
      (extension === "js" && last?.endsWith(".js") === true && /^(?:module\.)?exports\b/m.test(folder.read(last)));
    const typed = extension === "ts";
    const content =
      header(typed, isCommonJs) +
      functionOf(tool, "up", up, { typed, isCommonJs }) +
      "\n" +
      functionOf(tool, "down", down, { typed, isCommonJs });
    return [{ path: `${nextName(others, name, at, first)}.${extension}`, content }];
  };
}

function functionOf(
  { parameter, type, body }: Tool,
  name: "down" | "up",
  steps: readonly Step[],
  { typed, isCommonJs }: { readonly typed: boolean; readonly isCommonJs: boolean },
): string {
  const isEmpty = steps.every(({ statement }) => statement === null);
  const given = isEmpty ? "" : `${parameter}${typed ? `: ${type}` : ""}`;
  const begin = isCommonJs ? `exports.${name} = async function (${given})` : `export async function ${name}(${given})`;
  const code = steps.map(({ comments, statement }) => ({
    comments: comments.map((comment) => `// ${comment}\n`).join(""),
    literal: statement === null ? null : literalOf(statement),
  }));
  const inside = isEmpty ? one(code, () => "") : body(code);
  return `${begin}${typed ? ": Promise<void>" : ""} {\n${indent(inside)}}${isCommonJs ? ";" : ""}\n`;
}

/** Writes a line for each statement, below its comments, and a blank line between the steps. */
function one(steps: readonly CodeStep[], lineOf: (literal: string) => string): string {
  return steps
    .map(({ comments, literal }) => `${comments}${literal === null ? "" : `${lineOf(literal)}\n`}`)
    .join("\n");
}

function indent(lines: string): string {
  return lines.replaceAll(/^(?=.)/gm, "  ");
}

/** The statement has no line break and no `${`. It needs no semicolon. */
function literalOf(statement: string): string {
  return `\`${statement.replace(/;$/, "").replaceAll(/[`\\]/g, "\\$&")}\``;
}
