import { refuseArgument } from "../../errors.js";
import { quoteIdentifier } from "../../sql/helpers/identifier.js";
import { shown } from "../messages.js";
import { knownOptions } from "../resolve-options.js";
import { nameProblem } from "../sequence-name.js";

/**
 * A column of a table, as {@link addIdentity} takes it. Without a schema, the server's `search_path` decides where the
 * table is.
 */
export interface TableColumn {
  /** The schema of the table, without quotes. Default: the `search_path` decides. */
  readonly schema?: string | undefined;
  /** The name of the table, without its schema and without quotes. */
  readonly table: string;
  /** The name of the column, without quotes. */
  readonly column: string;
}

/** Options of every ALTER TABLE: {@link addIdentity}, {@link alterIdentity} and {@link dropIdentity}. */
export interface AlterTableOptions {
  /** Whether a table that does not exist is only a notice. A missing column is an error. Default: false. */
  readonly ifTableExists?: boolean | undefined;
}

/** Begins a statement about a column. `subject` is its name in messages. */
export function alterColumn(
  what: string,
  given: TableColumn,
  options: AlterTableOptions,
): { readonly subject: string; readonly text: string } {
  if (typeof given !== "object" || given === null) {
    return refuseArgument(`${what}:`, `a table and a column are needed, not ${shown(given)}`);
  }
  const { ifTableExists = false } = knownOptions(what, options, ["ifTableExists"]);
  const { schema, table, column } = knownOptions(what, given, ["schema", "table", "column"]);
  const problem =
    (schema === undefined ? undefined : nameProblem(schema, "the schema name")) ??
    nameProblem(table, "the table name") ??
    nameProblem(column, "the column name");
  if (problem !== undefined) refuseArgument(`${what}:`, problem);
  const names = schema === undefined ? [table] : [schema, table];
  const quoted = names.map((name) => quoteIdentifier(name)).join(".");
  return {
    subject: [...names, column].join("."),
    text: `alter table ${ifTableExists ? "if exists " : ""}${quoted} alter column ${quoteIdentifier(column)}`,
  };
}
