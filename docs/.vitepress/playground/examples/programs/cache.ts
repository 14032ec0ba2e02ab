// See what a cache does to the order
import { createSequence, pgSequence } from "nextval";
import { db } from "playground";

// A session reserves ten values in one step, and takes the next nine from its memory.
const ticketSeq = pgSequence("ticket_seq", { cache: 10 });
await db.query(createSequence(ticketSeq, { ifNotExists: true }));

console.log(await db.nextvals(ticketSeq, 3));

// The sequence is at 10 already, as another session would see it.
console.log(await db`select last_value from ${ticketSeq}`);

// The end of a session loses what it has reserved.
await db`discard sequences`;
console.log(await db.nextvals(ticketSeq, 3));
