import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { shown } from "../messages.js";
import { throwSequenceError } from "../sequence-name.js";
import { sequenceOf } from "../sequence.js";
import { type AlterOptions, alterStatement } from "./ddl-statement.js";

/**
 * Makes a sequence logged or unlogged. An unlogged sequence starts over after a crash of the server.
 *
 * ```ts
 * setSequenceLogged(orderSeq, true); // alter sequence "order_seq" set logged
 * ```
 *
 * Needs PostgreSQL 15. Source: "ALTER SEQUENCE".
 *
 * Observed on PostgreSQL 18.4: take a sequence that values were drawn from while it was unlogged. If the server crashes
 * soon after `set logged`, the sequence may go back and return values again. This lasts until a checkpoint, or until
 * you set the sequence to its own position: `select setval('"order_seq"', last_value, is_called) from "order_seq"`.
 */
export function setSequenceLogged(
  sequence: SequenceLike | SequenceNeeded,
  logged: boolean,
  options: AlterOptions = {},
): Sql {
  const own = sequenceOf(sequence);
  if (typeof logged !== "boolean")
    throwSequenceError(own, `setSequenceLogged takes true or false, not ${shown(logged)}`);
  return alterStatement("setSequenceLogged", own, options, logged ? "set logged" : "set unlogged");
}
