// Plan a change, see its hazard, and apply it
import { pgSequence } from "nextval";
import { applyPlan, inspectSequences, planChanges } from "nextval/catalog";
import { db } from "playground";

await db`drop table if exists orders`;
await db`create table orders (id bigserial primary key, placed_at timestamptz)`;

const declared = [pgSequence("orders_id_seq", { cache: 20, ownedBy: { table: "orders", column: "id" } })];
const plan = planChanges(declared, await inspectSequences(db));

for (const { sql, hazards } of plan.changes) {
  console.log(sql);
  for (const { code, message } of hazards) console.log(`  ${code}: ${message}`);
}

// It is refused until the hazard is allowed by its code.
await applyPlan(db, plan).catch(console.log);
await applyPlan(db, plan, { allow: ["CACHE_BREAKS_ORDER"] });

console.log(planChanges(declared, await inspectSequences(db)).changes.length, "changes are left");
