import type { Sql } from "../../sql/fragment.js";
import type { AnySequence } from "../sequence.js";
import { nameOf, statement } from "./statement.js";

/**
 * Makes a sequence survive a crash of the server, or not. An unlogged one starts over after a crash.
 *
 * ```ts
 * setSequenceLogged(orderSeq, true); // alter sequence "order_seq" set logged
 * ```
 *
 * Needs PostgreSQL 15. Source: "ALTER SEQUENCE".
 */
export function setSequenceLogged(sequence: AnySequence, logged: boolean): Sql {
  return statement(sequence, "alter sequence", nameOf(sequence), logged ? "set logged" : "set unlogged");
}
