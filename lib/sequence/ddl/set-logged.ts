import type { SequenceLike } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { fail } from "../sequence-name.js";
import { quotedName } from "../sequence.js";
import { statement } from "./ddl-statement.js";

/**
 * Makes a sequence survive a crash of the server, or not. An unlogged one starts over after a crash.
 *
 * ```ts
 * setSequenceLogged(orderSeq, true); // alter sequence "order_seq" set logged
 * ```
 *
 * Needs PostgreSQL 15. Source: "ALTER SEQUENCE". Observed on PostgreSQL 18.4: a sequence that was drawn from while it was
 * unlogged may, in a crash soon after it is set logged, go back and hand out values again, until a checkpoint, or until it is
 * set to where it is: `select setval('"order_seq"', last_value, is_called) from "order_seq"`.
 */
export function setSequenceLogged(sequence: SequenceLike, logged: boolean): Sql {
  const name = quotedName(sequence);
  if (typeof logged !== "boolean") fail(sequence, `setSequenceLogged takes true or false, not ${String(logged)}`);
  return statement(sequence, "alter sequence", name, logged ? "set logged" : "set unlogged");
}
