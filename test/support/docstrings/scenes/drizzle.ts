import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { bigint, pgTable, text } from "drizzle-orm/pg-core";

export { eq, max } from "drizzle-orm";
export { pgTable, text } from "drizzle-orm/pg-core";
export const orders = pgTable("orders", {
  id: bigint({ mode: "bigint" }),
  tenant: bigint({ mode: "number" }),
  note: text(),
});
export const invoices = pgTable("invoices", { no: bigint({ mode: "bigint" }), customer: text() });
export declare const db: NodePgDatabase;
