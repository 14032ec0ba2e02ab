import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { bigint, pgTable, text } from "drizzle-orm/pg-core";
import type { Kysely } from "kysely";
import type { AnySequence, Database, HostDatabase, PgSequence, Session, SequenceLike, Sql, Transaction } from "nextval";
import type { Allocator, GaplessCounter } from "nextval/allocate";
import type { Plan } from "nextval/catalog";
import type postgresOf from "postgres";

// What the examples of docstrings use without declaring it.
export { PGlite } from "@electric-sql/pglite";
export { sql as drizzleSql } from "drizzle-orm";
export { readFile } from "node:fs/promises";
export { default as pg } from "pg";
export { default as postgres } from "postgres";
export declare const client: postgresOf.Sql;
export declare const db: Database;
export declare const session: Session;
export declare const tx: Transaction;
export declare const host: HostDatabase;
export declare const kysely: Kysely<any>;
export declare const orderSeq: PgSequence<"order_seq", {}>;
export declare const noteSeq: PgSequence<"note_seq", {}>;
export declare const ticketSeq: PgSequence<"ticket_seq", { as: "integer" }>;
export declare const invoiceSeq: PgSequence<"invoice_seq", {}, "billing">;
export declare const declared: readonly AnySequence[];
export declare const drizzleSchema: { readonly orderSeq: SequenceLike };
export declare const drizzleDb: NodePgDatabase;
export const orders = pgTable("orders", { id: bigint({ mode: "bigint" }), note: text() });
export declare const ids: Allocator<bigint>;
export declare const invoiceNo: GaplessCounter;
export declare const made: Plan;
export declare const conditions: readonly Sql[];
export declare const note: string;
export declare const customer: string;
export declare const tenant: number;
export declare const id: bigint;
export declare const order: { readonly note: string; readonly sent: boolean };
export declare const isOpen: boolean;
export declare const descending: boolean;
export declare const since: Date;
export declare const rows: readonly { readonly note: string }[];
export interface Order {
  readonly id: bigint;
  readonly note: string;
}
export declare function archive(batch: readonly Order[]): Promise<void>;
export declare function transfer(transaction: Transaction): Promise<void>;
