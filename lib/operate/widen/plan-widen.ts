import type { Database } from "../../index.js";
import { optionsOf, refuseArgument, shown } from "../../internal.js";
import { checkLockTimeout, DEFAULT_WIDEN_LOCK_TIMEOUT_MS, setLockTimeout } from "../../server/lock-timeout.js";
import { canBegin, refuseHandle } from "../../server/refuse-handle.js";
import { checkTrust } from "../reading-options.js";
import { refuseForeignCode } from "./foreign-code.js";
import { phasesOf } from "./phases.js";
import { refuseTakenNames, refuseWhatIsLost } from "./refusals.js";
import { readModel, refuseColumn } from "./tables.js";
import { warningsOf } from "./warnings.js";
import type { PlanWidenOptions, WidenPlan, WidenTarget } from "./widen-plan.js";

/** How long reading waits for the lock of a table whose definitions it reads. */
const READING_WAIT_MS = 5000;

/**
 * Plans how a column of type integer or smallint becomes bigint while its table is in use. Changes
 * nothing; `applyWiden` does, or a migration tool with the files of `widenFiles`.
 *
 * ```ts
 * const plan = await planWiden(db, { table: "orders", column: "id" });
 * plan.phases.map(({ name }) => name);
 * // ["add_orders", "backfill_orders", "prove_orders", "index_orders_pkey", "swap", "validate_items_order_id_fkey",
 * //   "clean_up_orders"]
 * ```
 *
 * `alter column ... type bigint` rewrites the table under a lock that keeps out even readers. Here, a new column is
 * filled while a trigger keeps it in step, and takes the place of the old one in a short transaction. Columns of
 * foreign keys that point at it are widened with it, in the same transaction.
 *
 * Run again, it finds what was done already. Throws `PLAN_REFUSED` with all reasons if something that depends on the
 * column cannot be carried over, and `INVALID_ARGUMENT`.
 */
export async function planWiden(
  db: Pick<Database, "begin">,
  column: WidenTarget,
  options?: PlanWidenOptions,
): Promise<WidenPlan> {
  const given = optionsOf("planWiden", options, ["lockTimeout", "trustOwners"]);
  const { lockTimeout = DEFAULT_WIDEN_LOCK_TIMEOUT_MS, trustOwners = [] } = given;
  checkLockTimeout("planWiden", lockTimeout);
  checkTrust({ trustOwners });
  if (!canBegin(db)) {
    refuseHandle("planWiden", "takes a handle first: a pool or a session");
  }
  const target = targetOf(column);
  return db.begin("isolation level repeatable read, read only", async (tx) => {
    await setLockTimeout(tx, READING_WAIT_MS);
    const model = await readModel(tx, target);
    await refuseForeignCode(tx, model, target, trustOwners);
    if (!model.isSwapped) {
      if (!model.tables[0]?.root.columns.some(({ name }) => name === target.column)) refuseColumn(target, "is missing");
      refuseWhatIsLost(model, target);
      refuseTakenNames(model, target);
    }
    return {
      columns: model.tables.flatMap(({ root, columns }) =>
        columns.map(({ name }) => ({ schema: root.schema, table: root.name, column: name })),
      ),
      phases: phasesOf(model, lockTimeout),
      warnings: warningsOf(model),
      trustOwners,
    };
  });
}

function targetOf(given: WidenTarget) {
  const { schema = "public", table, column } = optionsOf("planWiden", given, ["schema", "table", "column"]);
  for (const name of [schema, table, column]) {
    if (typeof name !== "string" || name === "") {
      refuseArgument("planWiden", `takes a table and a column, and not ${shown(name)} as a name`);
    }
  }
  return { schema, table: table as string, column: column as string };
}
