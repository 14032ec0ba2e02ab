// Tickets from 1 to 5, over and over; and what happens at the end of a sequence that does not cycle.
import { alterSequence, bind, createSequence, NextvalError, pgSequence, restartSequence } from "nextval";
import { withDatabase } from "./database.js";
import { show, title } from "./show.js";

const ticketSeq = pgSequence("ticket_seq", { as: "smallint", maxValue: 5, startWith: 3, cycle: true });

await withDatabase("nextval_tickets", async (client) => {
  const db = bind(client);

  title("It starts at 3, and cycles to its minimum");
  await show(db, () => createSequence(ticketSeq));
  console.log("    tickets ", await db.nextvals(ticketSeq, 7), "\n");

  title("Without cycling it comes to an end");
  await show(db, () => alterSequence(ticketSeq, { cycle: false }));
  await show(db, () => restartSequence(ticketSeq, 5));
  console.log("    ticket  ", await db.nextval(ticketSeq));
  try {
    await db.nextval(ticketSeq);
  } catch (error) {
    if (error instanceof NextvalError) console.log(`    ${error.code} of ${error.sequence}: ${error.message}\n`);
  }
});
