import { nextval, pgSequence, sql } from "nextval";
import { type Contender, ROWS } from "./contender.js";

const orderSeq = pgSequence("order_seq");
const draw = nextval(orderSeq);

export const ours: Contender = {
  name: "nextval",
  text: "text",
  values: "values",
  cases: {
    "3 scalars": (seed) =>
      sql`select id, name from users where org_id = ${seed} and age > ${seed + 1} and name = ${"x"}`,
    splice: () => sql`select ${draw} as id`,
    nested: (seed) =>
      sql`insert into orders (id, tenant, note, paid, discount, due) values (${draw}, ${seed}, ${"first"}, ${true},
        ${null}, ${sql`now() + ${seed} * interval '1 day'`})`,
    "100 rows": () =>
      sql`insert into items ("id", "name", "ok")
        values ${sql.join(ROWS.map((row) => sql`(${row.id}, ${row.name}, ${row.ok})`))}`,
    "10 deep": (seed) => {
      let condition = sql`a = ${seed}`;
      for (let index = 0; index < 9; index++) condition = sql`(${condition} or b = ${index})`;
      return condition;
    },
  },
};

/** The usual way to write it, with the fragment looked up at each call. */
export const oursCalled: Contender = {
  name: "nextval, called in place",
  text: "text",
  values: "values",
  cases: { splice: () => sql`select ${nextval(orderSeq)} as id` },
};

export const oursInsert: Contender = {
  name: "nextval, sql.insert",
  text: "text",
  values: "values",
  cases: { "100 rows": () => sql`insert into items ${sql.insert(ROWS)}` },
};
