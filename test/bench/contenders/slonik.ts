import { createSqlTag } from "slonik";
import { type Contender, ROWS } from "./contender.js";

const sql = createSqlTag();
const draw = sql.fragment`pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`;

export const slonik: Contender = {
  name: "Slonik sql",
  text: "sql",
  values: "values",
  cases: {
    "3 scalars": (seed) =>
      sql.unsafe`select id, name from users where org_id = ${seed} and age > ${seed + 1} and name = ${"x"}`,
    splice: () => sql.unsafe`select ${draw} as id`,
    nested: (seed) =>
      sql.unsafe`insert into orders (id, tenant, note, paid, discount, due) values (${draw}, ${seed}, ${"first"},
        ${true}, ${null}, ${sql.fragment`now() + ${seed} * interval '1 day'`})`,
    "100 rows": () =>
      sql.unsafe`insert into items ("id", "name", "ok") values ${sql.join(
        ROWS.map((row) => sql.fragment`(${row.id}, ${row.name}, ${row.ok})`),
        sql.fragment`, `,
      )}`,
    "10 deep": (seed) => {
      let condition = sql.fragment`a = ${seed}`;
      for (let index = 0; index < 9; index++) condition = sql.fragment`(${condition} or b = ${index})`;
      return condition;
    },
  },
};
