import { type Sql, sql } from "../../index.js";

/**
 * Builds an expression for whether the owner of a table may draw from a sequence. Every role can create a table whose
 * default draws from another role's sequence, even without a privilege on it, and fill that table at will. Such a table
 * says nothing about the sequence, and must not move it.
 *
 * @param relation - the table, with `relowner`
 */
export function ownerMayDraw(relation: Sql, sequence: Sql, sequenceOwner: Sql): Sql {
  return sql`(
    pg_catalog.has_sequence_privilege(${relation}.relowner, ${sequence}, 'usage, update')
    or pg_catalog.pg_has_role(${relation}.relowner, ${sequenceOwner}, 'usage')
  )`;
}
