import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { sequenceOf } from "../sequence.js";
import { type AlterOptions, alterStatement } from "./ddl-statement.js";
import { realRoleList, refuseAbout, type Role } from "./role.js";

/**
 * Gives a sequence to another role.
 *
 * ```ts
 * setSequenceOwner(orderSeq, "deploy"); // alter sequence "order_seq" owner to "deploy"
 * setSequenceOwner(orderSeq, sql`current_user`); // alter sequence "order_seq" owner to current_user
 * ```
 *
 * A sequence that a column owns changes its owner only together with the table: the server refuses the statement
 * (0A000). The role that runs it must be able to `set role` to the new owner. Source: "ALTER SEQUENCE".
 */
export function setSequenceOwner<const Owner extends Role>(
  sequence: SequenceLike | SequenceNeeded,
  owner: [Owner] extends ["public"] ? "public stands for all roles; name one role" : Owner,
  options: AlterOptions = {},
): Sql {
  const own = sequenceOf(sequence);
  const [role] = realRoleList(refuseAbout(own), [owner]) as [string];
  return alterStatement("setSequenceOwner", own, options, "owner to", role);
}
