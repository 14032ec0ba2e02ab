import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import { refuseArgument } from "../../errors.js";
import { refuseUnknown } from "../../sql/did-you-mean.js";
import { type Sql, textFragment } from "../../sql/fragment.js";
import { readOnce } from "../resolve-options.js";
import { type PgSchema, quotedName, sequenceOf } from "../sequence.js";
import { statement } from "./ddl-statement.js";
import {
  type GrantOptions,
  grantText,
  type RevokeOptions,
  revokeText,
  type SequencePrivilege,
} from "./grant-clauses.js";
import { realRoleList, type Refuse, refuseAbout, type Role } from "./role.js";
import { schemaList } from "./schema-list.js";

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

/** The sequences that default privileges are for, as {@link grantOnFutureSequences} takes them. */
export interface FutureSequences {
  /** The schemas in which the sequences are created. Default: all schemas. */
  readonly schemas?: PgSchema | string | readonly (PgSchema | string)[] | undefined;
  /**
   * The roles that create the sequences. The role that runs the statement must be a member of each. Default: itself.
   */
  readonly createdBy?: Role | readonly Role[] | undefined;
}

/**
 * Grants default privileges: privileges on every sequence that is created later. Existing sequences keep theirs; for
 * them use `grantOnAllSequences`.
 *
 * ```ts
 * grantOnFutureSequences({ schemas: "billing", createdBy: "deploy" }, "usage", "app");
 * // alter default privileges for role "deploy" in schema "billing" grant usage on sequences to "app"
 * grantOnFutureSequences({}, "usage", "app"); // alter default privileges grant usage on sequences to "app"
 * ```
 *
 * They hold only for sequences that the roles of `createdBy` create themselves, not for those of their members. Source:
 * "ALTER DEFAULT PRIVILEGES".
 */
export function grantOnFutureSequences(
  sequences: FutureSequences,
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  roles: Role | readonly Role[],
  options: GrantOptions = {},
): Sql {
  const refuse: Refuse = (problem, hint) => refuseArgument("grantOnFutureSequences:", problem, hint);
  const grant = grantText(refuse, privileges, "sequences", roles, options);
  return textFragment(`${alterDefaults(refuse, sequences)} ${grant}`);
}

/**
 * Revokes default privileges on sequences that are created later.
 *
 * ```ts
 * revokeOnFutureSequences({ schemas: "billing" }, "all", "app");
 * // alter default privileges in schema "billing" revoke all on sequences from "app"
 * ```
 *
 * A schema only adds to the default privileges of all schemas. So what was granted for all schemas is not revoked with
 * `schemas`. Source: "ALTER DEFAULT PRIVILEGES".
 */
export function revokeOnFutureSequences(
  sequences: FutureSequences,
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  roles: Role | readonly Role[],
  options: RevokeOptions = {},
): Sql {
  const refuse: Refuse = (problem, hint) => refuseArgument("revokeOnFutureSequences:", problem, hint);
  const revoke = revokeText(refuse, privileges, "sequences", roles, options);
  return textFragment(`${alterDefaults(refuse, sequences)} ${revoke}`);
}

function alterDefaults(refuse: Refuse, sequences: FutureSequences): string {
  if (typeof sequences !== "object" || sequences === null) refuse("an object with schemas or createdBy is needed");
  const given = readOnce(sequences);
  refuseUnknown(given, ["schemas", "createdBy"], refuse);
  const { schemas, createdBy } = given;
  return [
    "alter default privileges",
    ...(createdBy === undefined ? [] : [`for role ${realRoleList(refuse, createdBy).join(", ")}`]),
    ...(schemas === undefined ? [] : [`in schema ${schemaList(refuse, schemas)}`]),
  ].join(" ");
}
