import type { Integer, SequenceLike } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { boundedValue } from "../functions.js";
import { quotedName } from "../sequence.js";
import { statement } from "./ddl-statement.js";

/**
 * Starts a sequence over: the next value is its `startWith`, or `value`. The `startWith` itself stays as it is.
 *
 * ```ts
 * restartSequence(orderSeq); // alter sequence "order_seq" restart
 * restartSequence(orderSeq, 500); // alter sequence "order_seq" restart with 500
 * ```
 *
 * Unlike `setval` it is undone by a rollback, and it empties the caches of other sessions. It locks out those who draw
 * values until the transaction ends. Source: "ALTER SEQUENCE".
 */
export function restartSequence(sequence: SequenceLike, value?: Integer): Sql {
  const name = quotedName(sequence);
  const target = value === undefined ? "" : `with ${boundedValue(sequence, "restartSequence", value)}`;
  return statement(sequence, "alter sequence", name, "restart", target);
}
