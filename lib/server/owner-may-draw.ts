import { type Sql, sql } from "../index.js";

/**
 * Whether the owner of a table may draw from a sequence. Every role may make a table whose default draws from the sequence of
 * another role, also without a privilege on it, and fill that table as it likes. Such a table tells nothing of the sequence, and
 * must not move it.
 *
 * @param relation the table, with `relowner`
 */
export function ownerMayDraw(relation: Sql, sequence: Sql, sequenceOwner: Sql): Sql {
  return sql`(
    pg_catalog.has_sequence_privilege(${relation}.relowner, ${sequence}, 'usage, update')
    or pg_catalog.pg_has_role(${relation}.relowner, ${sequenceOwner}, 'usage')
  )`;
}
