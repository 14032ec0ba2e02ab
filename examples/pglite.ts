// A database inside the process, as a unit test would use it: no server, no network.
import { PGlite } from "@electric-sql/pglite";
import { createSequence, nextval, pgSequence } from "nextval";
import { bind } from "nextval/pglite";

const ticketSeq = pgSequence("ticket_seq", { as: "integer" });

const pglite = new PGlite();
const db = bind(pglite);
await db.query(createSequence(ticketSeq));
await db`create table tickets (id integer primary key, note text)`;

const [first] = await db`insert into tickets values (${nextval(ticketSeq)}, ${"it's local"}) returning id, note`;
console.log(first);
console.log(await Promise.all([db.nextval(ticketSeq), db.nextval(ticketSeq)]));
await db.begin(async (tx) => {
  await tx`insert into tickets values (${nextval(ticketSeq)}, ${"in a transaction"})`;
  console.log("currval", await tx.currval(ticketSeq));
});
await pglite.close();
