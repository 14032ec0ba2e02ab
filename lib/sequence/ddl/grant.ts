import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { fail } from "../sequence-name.js";
import { type AnySequence, quotedName, sequenceOf } from "../sequence.js";
import { checkedName, statement } from "./ddl-statement.js";

/**
 * A privilege on a sequence. `usage` allows nextval, currval and lastval; `select` allows currval and lastval; `update`
 * allows nextval and setval. Source: "GRANT" and "Privileges".
 */
export type SequencePrivilege = "usage" | "select" | "update" | "all";

const PRIVILEGES: readonly string[] = ["usage", "select", "update", "all"] satisfies SequencePrivilege[];

/**
 * Grants privileges on a sequence to roles. The role `public` stands for all roles.
 *
 * ```ts
 * grantOnSequence(orderSeq, ["usage", "select"], "app"); // grant usage, select on sequence "order_seq" to "app"
 * ```
 */
export function grantOnSequence(
  sequence: SequenceLike | SequenceNeeded,
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  roles: string | readonly string[],
): Sql {
  const own = sequenceOf(sequence);
  return statement(own, "grant", what(own, privileges), "to", who(own, roles));
}

/**
 * Revokes privileges on a sequence from roles. The role `public` stands for all roles.
 *
 * ```ts
 * revokeOnSequence(orderSeq, "all", "public"); // revoke all on sequence "order_seq" from public
 * ```
 */
export function revokeOnSequence(
  sequence: SequenceLike | SequenceNeeded,
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  roles: string | readonly string[],
): Sql {
  const own = sequenceOf(sequence);
  return statement(own, "revoke", what(own, privileges), "from", who(own, roles));
}

function what(sequence: AnySequence, privileges: SequencePrivilege | readonly SequencePrivilege[]): string {
  const name = quotedName(sequence);
  const list: readonly string[] = [privileges].flat();
  const unknown = list.find((privilege) => !PRIVILEGES.includes(privilege));
  if (unknown !== undefined || list.length === 0) {
    fail(sequence, `the privileges of a sequence are ${PRIVILEGES.join(", ")}, not ${JSON.stringify(unknown ?? [])}`);
  }
  if (list.includes("all") && list.length > 1) {
    fail(sequence, "the privilege all includes the others, and stands alone");
  }
  return `${list.join(", ")} on sequence ${name}`;
}

/** No role can be named public. Without quotes the word stands for all roles. */
function who(sequence: AnySequence, roles: string | readonly string[]): string {
  const list = [roles].flat();
  if (list.length === 0) fail(sequence, "grantOnSequence and revokeOnSequence need at least one role");
  return list.map((role) => (role === "public" ? role : checkedName(sequence, role))).join(", ");
}
