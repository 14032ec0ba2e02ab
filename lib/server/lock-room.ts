import { sql } from "../index.js";
import { readDocument, type Source } from "./read-json.js";

/**
 * The size of the server's lock table: the locks per session times the number of sessions. Source: "Lock Management".
 */
interface LockTable {
  readonly perTransaction: number;
  readonly sessions: number;
  /** The locks of other sessions that are in the table now. */
  readonly held: number;
}

const lockTable = sql`
  select json_build_object(
    'perTransaction', current_setting('max_locks_per_transaction')::int4,
    'sessions', current_setting('max_connections')::int4 + current_setting('max_prepared_transactions')::int4,
    'held', (
      select count(*) from pg_catalog.pg_locks l where not l.fastpath and l.pid is distinct from pg_backend_pid()
    )
  )::text as document`;

/** Every server has room for this many locks. */
const FEW = 500;

/**
 * Returns what is wrong with taking so many locks in one transaction, and what to do; undefined if the server has room
 * for them. If a transaction fills the server's lock table, it fails with 53200, and so do statements of other
 * sessions.
 *
 * @param subject - what takes the locks: `"the plan locks 7000 sequences"`
 */
export async function lackOfLocks(
  db: Source,
  locks: number,
  subject: string,
): Promise<{ readonly problem: string; readonly room: number; readonly setting: string } | undefined> {
  if (locks <= FEW) return undefined;
  const { perTransaction, sessions, held } = await readDocument<LockTable>(db, lockTable);
  const room = Math.max(0, perTransaction * sessions - held);
  if (locks <= room) return undefined;
  return {
    problem: `${subject} in one transaction, and the server has room for ${room} locks, so nothing was changed`,
    room,
    setting: `max_locks_per_transaction from ${perTransaction} to ${Math.ceil((locks + held) / sessions)}`,
  };
}
