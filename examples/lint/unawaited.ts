import { type Database, nextval, pgSequence, sql, type Transaction } from "nextval";

const orderSeq = pgSequence("order_seq");

/** None of these statements runs, or nothing waits for it. */
export async function forgotten(db: Database, tx: Transaction, notes: string[]) {
  db`insert into orders (id) values (${nextval(orderSeq)})`;
  db.query(sql`delete from orders`);
  tx`delete from orders`;
  db`select 1`.one();
  db.nextval(orderSeq);
  db.begin(async (inner) => inner`delete from orders`);
  notes.forEach((note) => {
    db`insert into orders (note) values (${note})`;
  });
  notes.map((note) => db`insert into orders (note) values (${note})`);
  sql`delete from orders`;
}

/** What the rules do not report. The first two run; the last two do not. */
export async function unreported(db: Database) {
  const [order] = await db`select id from orders`;
  void db`delete from orders`.execute();
  void db`delete from orders`;
  const query = db`delete from orders where id = ${order === undefined ? 0 : 1}`;
  return [query];
}
