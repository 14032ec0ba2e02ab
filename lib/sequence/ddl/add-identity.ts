import { type Sql, textFragment } from "../../sql/fragment.js";
import { type IdentityOptions, identityText } from "./identity.js";
import { alterColumn, type AlterTableOptions, type TableColumn } from "./table-column.js";

/**
 * Makes an existing column an identity column, with a new sequence.
 *
 * ```ts
 * addIdentity({ table: "orders", column: "id" }, "always", { startWith: 500 });
 * // alter table "orders" alter column "id" add generated always as identity (start with 500)
 * ```
 *
 * The column must be NOT NULL, and must have no default. The new sequence knows nothing of the rows: let it start after
 * them. The table is locked until the transaction ends. Source: "ALTER TABLE".
 */
export function addIdentity(
  column: TableColumn,
  generated: "always" | "by default",
  given: IdentityOptions = {},
  options: AlterTableOptions = {},
): Sql {
  const { subject, text } = alterColumn("addIdentity", column, options);
  return textFragment(`${text} add ${identityText(subject, generated, given)}`);
}
