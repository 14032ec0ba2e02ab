// Let a sequence start over
import { createSequence, pgSequence } from "nextval";
import { db } from "playground";

const slotSeq = pgSequence("slot_seq", { as: "smallint", maxValue: 3, cycle: true });
await db.query(createSequence(slotSeq, { ifNotExists: true }));

// smallint values are numbers.
console.log(await db.nextvals(slotSeq, 7));

// Without cycle it ends.
const seatSeq = pgSequence("seat_seq", { as: "smallint", maxValue: 3 });
await db.query(createSequence(seatSeq, { ifNotExists: true }));
await db.nextvals(seatSeq, 7).catch(console.log);
