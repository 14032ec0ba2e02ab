import { type Sql, textFragment } from "../../sql/fragment.js";
import { knownOptions } from "../resolve-options.js";
import { alterColumn, type AlterTableOptions, type TableColumn } from "./table-column.js";

/** Options of {@link dropIdentity}. */
export interface DropIdentityOptions extends AlterTableOptions {
  /** Whether a column that is not an identity column is only a notice. Default: false. */
  readonly ifExists?: boolean | undefined;
}

/**
 * Makes an identity column a plain column. Its sequence is dropped.
 *
 * ```ts
 * dropIdentity({ table: "orders", column: "id" }, { ifExists: true });
 * // alter table "orders" alter column "id" drop identity if exists
 * ```
 *
 * The column stays NOT NULL and has no default, so inserts must give its value. Source: "ALTER TABLE".
 */
export function dropIdentity(column: TableColumn, options: DropIdentityOptions = {}): Sql {
  const { ifExists = false, ifTableExists } = knownOptions("dropIdentity", options, ["ifExists", "ifTableExists"]);
  const { text } = alterColumn("dropIdentity", column, { ifTableExists });
  return textFragment(`${text} drop identity${ifExists ? " if exists" : ""}`);
}
