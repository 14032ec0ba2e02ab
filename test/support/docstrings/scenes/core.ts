import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { bigint, pgTable, text } from "drizzle-orm/pg-core";
import type { Kysely } from "kysely";
import type { AnySequence, Database, HostDatabase, Session, Transaction } from "nextval";
import type { Allocator, GaplessCounter } from "nextval/allocate";
import type { Plan } from "nextval/catalog";
import type postgresOf from "postgres";

// What the examples of docstrings use without declaring it.
export { PGlite } from "@electric-sql/pglite";
export { sql as drizzleSql } from "drizzle-orm";
export { readFile } from "node:fs/promises";
export * from "./values.js";
export { default as pg } from "pg";
export { default as postgres } from "postgres";
export declare const client: postgresOf.Sql;
export declare const db: Database;
export declare const session: Session;
export declare const tx: Transaction;
export declare const host: HostDatabase;
export declare const kysely: Kysely<any>;
export declare const declared: readonly AnySequence[];
export declare const drizzleDb: NodePgDatabase;
export const orders = pgTable("orders", { id: bigint({ mode: "bigint" }), note: text() });
export declare const ids: Allocator<bigint>;
export declare const invoiceNo: GaplessCounter;
export declare const made: Plan;
export declare const rows: readonly { readonly note: string }[];
export interface Order {
  readonly id: bigint;
  readonly note: string;
}
export declare function archive(batch: readonly Order[]): Promise<void>;
export declare function transfer(transaction: Transaction): Promise<void>;
