import { NextvalError, type Sql, sql, type Transaction } from "../../index.js";
import { positionByOid } from "../../server/queries/position-query.js";
import { readDocument } from "../../server/read-json.js";
import type { Change } from "../plan/change.js";
import type { Within } from "./lock-budget.js";

/**
 * Locks a sequence that a change restarts, and throws if a value was drawn from it: the value would come again. Also
 * throws if the statement, which goes by name, has locked another sequence.
 *
 * The position is read by OID. The owner of the schema can rename it, and the name then leads to a view, whose code
 * would run with the rights of the role that applies the plan.
 */
export async function refuseDrawn(
  tx: Transaction,
  { subject, restart }: Change,
  version: number,
  within: Within,
): Promise<void> {
  if (restart === undefined) return;
  await within(() => tx.query(sql.raw(restart.lock)));
  const oid = sql`${restart.oid ?? null}::oid`;
  const found = await within(() =>
    readDocument<{ readonly locked: boolean; readonly last: string | null; readonly called: boolean | null } | null>(
      tx,
      sql`
        select coalesce((
          select json_build_object(
            'locked', exists (
              select from pg_catalog.pg_locks l
              where l.pid = pg_catalog.pg_backend_pid() and l.relation = ${oid} and l.mode = 'ShareRowExclusiveLock'
            ),
            'last', v.last_value::text, 'called', v.is_called
          )
          from (${positionByOid(oid, version, may("select"), may("usage"))}) v
        ), 'null')::text as document`,
    ),
  );
  if (found?.locked === true && found.called === false && found.last === `${restart.from}`) return;
  const change = found?.locked === true ? "was drawn from, or set," : "has changed";
  const problem = `it ${change} since it was inspected`;
  throw new NextvalError("PLAN_OUTDATED", `${subject}: ${problem}`, { sequence: subject, hint: PLAN_AGAIN });
}

/** What to do if the database has changed since a plan was made. */
export const PLAN_AGAIN = "Inspect and plan again.";

function may(privilege: "select" | "usage"): Sql {
  return sql`has_sequence_privilege(c.oid, ${sql.literal(privilege)})`;
}
