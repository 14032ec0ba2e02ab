// Ask a sequence that is at its end
import { createSequence, nextval, pgSequence } from "nextval";
import { sequenceStatus } from "nextval/operate";
import { db } from "playground";

const ticketSeq = pgSequence("ticket_seq", { as: "smallint", startWith: 32_766 });
await db`drop table if exists tickets`;
await db`drop sequence if exists ${ticketSeq}`;
await db.query(createSequence(ticketSeq));
await db`create table tickets (id smallint primary key default ${nextval(ticketSeq)})`;
await db`insert into tickets default values`;
await db`insert into tickets default values`;

const { sequences } = await sequenceStatus(db);
for (const { left, level, problems } of sequences) {
  console.log(`${level}: ${left} values are left`);
  for (const { message, hint, fix } of problems) console.log({ message, hint, fix });
}

// The next insert fails.
await db.nextval(ticketSeq);
