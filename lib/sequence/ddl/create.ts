import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import { type Sql, textFragment } from "../../sql/fragment.js";
import { quoteIdentifier } from "../../sql/helpers/identifier.js";
import { checkOptions, knownOptions, readOnce } from "../resolve-options.js";
import { throwSequenceError, sequenceName } from "../sequence-name.js";
import { pgSchema, type PgSchema, quotedName, sequenceOf } from "../sequence.js";
import { optionClauses } from "./clauses.js";
import { statement } from "./ddl-statement.js";

/**
 * Creates a sequence as it is declared.
 *
 * ```ts
 * createSequence(orderSeq, { ifNotExists: true });
 * // create sequence if not exists "order_seq" increment by 2 start with 100
 * ```
 *
 * The statement has no OWNED BY, because the table usually comes later: use `setSequenceOwnedBy`. For the comment use
 * `commentOnSequence`.
 *
 * With `ifNotExists`, any existing relation of that name is accepted, whatever its options. `temporary` makes a
 * sequence that only this session sees. It is in a schema of its own, so it cannot be combined with `pgSchema`. An
 * unlogged sequence needs PostgreSQL 15. Source: "CREATE SEQUENCE".
 */
export function createSequence(
  sequence: SequenceLike | SequenceNeeded,
  options: { ifNotExists?: boolean; temporary?: boolean } = {},
): Sql {
  const own = sequenceOf(sequence);
  const { ifNotExists = false, temporary = false } = knownOptions("createSequence", options, [
    "ifNotExists",
    "temporary",
  ]);
  const { schema } = own;
  const seqOptions = readOnce(own.seqOptions);
  if (seqOptions.identity !== undefined) {
    throwSequenceError(own, "an identity column creates its sequence itself", "INVALID_ARGUMENT", {
      hint: "Use generatedAsIdentity or addIdentity, with its name.",
    });
  }
  checkOptions(sequenceName(own), seqOptions);
  if (temporary && schema !== undefined)
    throwSequenceError(own, `temporary sequences have a schema of their own, not ${schema}`);
  if (temporary && seqOptions.unlogged === true)
    throwSequenceError(own, "a temporary sequence cannot be unlogged", "INVALID_ARGUMENT", {
      hint: "Leave out unlogged, because the server never logs a temporary sequence.",
    });
  return statement(
    own,
    "create",
    temporary ? "temporary" : seqOptions.unlogged === true ? "unlogged" : "",
    "sequence",
    ifNotExists ? "if not exists" : "",
    quotedName(own),
    ...optionClauses(seqOptions),
  );
}

/**
 * Creates a schema.
 *
 * ```ts
 * createSchema(pgSchema("billing"), { ifNotExists: true }); // create schema if not exists "billing"
 * ```
 */
export function createSchema(schema: PgSchema | string, options: { ifNotExists?: boolean } = {}): Sql {
  const { ifNotExists = false } = knownOptions("createSchema", options, ["ifNotExists"]);
  const name = quoteIdentifier((typeof schema === "string" ? pgSchema(schema) : schema).schemaName);
  return textFragment(`create schema ${ifNotExists ? "if not exists " : ""}${name}`);
}
