// See the gap after a rollback
import { createSequence, pgSequence } from "nextval";
import { db } from "playground";

const orderSeq = pgSequence("order_seq");
await db.query(createSequence(orderSeq, { ifNotExists: true }));

console.log("before", await db.nextval(orderSeq));
await db
  .begin(async (tx) => {
    console.log("inside", await tx.nextval(orderSeq));
    throw new Error("The customer has left.");
  })
  .catch((error) => console.log(error.message));

// A rollback does not return the value, so one number is missing.
console.log("after", await db.nextval(orderSeq));
