// Declare a sequence, and be refused
import { createSequence, pgSequence } from "nextval";
import { db } from "playground";

// startWith is below minValue, so the compiler refuses it. Write 100 instead.
const orderSeq = pgSequence("order_seq", { minValue: 100, startWith: 5 });

await db.query(createSequence(orderSeq));
console.log(await db.nextval(orderSeq));
