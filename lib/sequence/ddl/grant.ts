import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { quotedName, sequenceOf } from "../sequence.js";
import { statement } from "./ddl-statement.js";
import {
  type GrantOptions,
  grantText,
  type RevokeOptions,
  revokeText,
  type SequencePrivilege,
} from "./grant-clauses.js";
import { refuseAbout, type Role } from "./role.js";

/**
 * Grants privileges on a sequence to roles. The role `public` stands for all roles.
 *
 * ```ts
 * grantOnSequence(orderSeq, ["usage", "select"], "app"); // grant usage, select on sequence "order_seq" to "app"
 * grantOnSequence(orderSeq, "usage", sql`current_user`); // grant usage on sequence "order_seq" to current_user
 * grantOnSequence(orderSeq, "all", "lead", { withGrantOption: true });
 * // grant all on sequence "order_seq" to "lead" with grant option
 * ```
 *
 * Source: "GRANT".
 */
export function grantOnSequence(
  sequence: SequenceLike | SequenceNeeded,
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  roles: Role | readonly Role[],
  options: GrantOptions = {},
): Sql {
  const own = sequenceOf(sequence);
  const on = `sequence ${quotedName(own)}`;
  return statement(own, grantText(refuseAbout(own), privileges, on, roles, options));
}

/**
 * Revokes privileges on a sequence from roles. The role `public` stands for all roles.
 *
 * ```ts
 * revokeOnSequence(orderSeq, "all", "public"); // revoke all on sequence "order_seq" from public
 * revokeOnSequence(orderSeq, "all", "lead", { grantOptionFor: true, cascade: true });
 * // revoke grant option for all on sequence "order_seq" from "lead" cascade
 * ```
 *
 * Source: "REVOKE".
 */
export function revokeOnSequence(
  sequence: SequenceLike | SequenceNeeded,
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  roles: Role | readonly Role[],
  options: RevokeOptions = {},
): Sql {
  const own = sequenceOf(sequence);
  const on = `sequence ${quotedName(own)}`;
  return statement(own, revokeText(refuseAbout(own), privileges, on, roles, options));
}
