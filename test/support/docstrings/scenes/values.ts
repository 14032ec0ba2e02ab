import { pgSchema, pgSequence, type SequenceLike, sql } from "nextval";

// The values that examples of docstrings use and do not make. They are those that their comments show.
export const orderSeq = pgSequence("order_seq", { startWith: 100, increment: 2 });
export const noteSeq = pgSequence("note_seq");
export const ticketSeq = pgSequence("ticket_seq", { as: "integer" });
export const invoiceSeq = pgSchema("billing").sequence("invoice_seq", { ownedBy: { table: "invoice", column: "id" } });
export const conditions = [sql`tenant = ${7}`, sql`note is null`];
export const note: string = "paid";
export const customer: string = "Ada";
export const tenant: number = 7;
export const id: bigint = 100n;
export const order = { note: "sent", sent: true };
export const since = new Date("2026-01-31");
export const isOpen: boolean = true;
export const descending: boolean = true;
export const drizzleSchema: { readonly orderSeq: SequenceLike } = { orderSeq };
