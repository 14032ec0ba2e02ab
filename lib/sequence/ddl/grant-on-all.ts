import { refuseArgument } from "../../errors.js";
import { type Sql, textFragment } from "../../sql/fragment.js";
import type { PgSchema } from "../sequence.js";
import {
  type GrantOptions,
  grantText,
  type RevokeOptions,
  revokeText,
  type SequencePrivilege,
} from "./grant-clauses.js";
import type { Refuse, Role } from "./role.js";
import { schemaList } from "./schema-list.js";

/**
 * Grants privileges on all sequences that schemas have now. For sequences that are created later use
 * `grantOnFutureSequences`.
 *
 * ```ts
 * grantOnAllSequences("billing", "usage", "app"); // grant usage on all sequences in schema "billing" to "app"
 * ```
 *
 * The sequences of serial and identity columns are included. Source: "GRANT".
 */
export function grantOnAllSequences(
  schemas: PgSchema | string | readonly (PgSchema | string)[],
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  roles: Role | readonly Role[],
  options: GrantOptions = {},
): Sql {
  const refuse: Refuse = (problem, hint) => refuseArgument("grantOnAllSequences:", problem, hint);
  const on = `all sequences in schema ${schemaList(refuse, schemas)}`;
  return textFragment(grantText(refuse, privileges, on, roles, options));
}

/**
 * Revokes privileges on all sequences that schemas have now.
 *
 * ```ts
 * revokeOnAllSequences(pgSchema("billing"), "all", "public");
 * // revoke all on all sequences in schema "billing" from public
 * ```
 *
 * Source: "REVOKE".
 */
export function revokeOnAllSequences(
  schemas: PgSchema | string | readonly (PgSchema | string)[],
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  roles: Role | readonly Role[],
  options: RevokeOptions = {},
): Sql {
  const refuse: Refuse = (problem, hint) => refuseArgument("revokeOnAllSequences:", problem, hint);
  const on = `all sequences in schema ${schemaList(refuse, schemas)}`;
  return textFragment(revokeText(refuse, privileges, on, roles, options));
}
