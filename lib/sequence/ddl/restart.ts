import type { Integer, SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { boundedValue } from "../functions.js";
import { sequenceOf } from "../sequence.js";
import { type AlterOptions, alterStatement } from "./ddl-statement.js";

/**
 * Restarts a sequence: the next value is `value`, or the sequence's start value if none is given.
 *
 * ```ts
 * restartSequence(orderSeq); // alter sequence "order_seq" restart
 * restartSequence(orderSeq, 500); // alter sequence "order_seq" restart with 500
 * ```
 *
 * The start value itself does not change. Unlike `setval`, a rollback undoes it, and it empties the caches of other
 * sessions. It blocks `nextval` in other sessions until the transaction ends. Source: "ALTER SEQUENCE".
 */
export function restartSequence(
  sequence: SequenceLike | SequenceNeeded,
  value?: Integer,
  options: AlterOptions = {},
): Sql {
  const own = sequenceOf(sequence);
  const target = value === undefined ? "" : `with ${boundedValue(own, "restartSequence", value)}`;
  return alterStatement("restartSequence", own, options, "restart", target);
}
