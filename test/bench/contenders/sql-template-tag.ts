import sql, { join } from "sql-template-tag";
import { type Contender, ROWS } from "./contender.js";

const draw = sql`pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`;

export const sqlTemplateTag: Contender = {
  name: "sql-template-tag",
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
      sql`insert into items ("id", "name", "ok") values ${join(
        ROWS.map((row) => sql`(${row.id}, ${row.name}, ${row.ok})`),
        ", ",
      )}`,
    "10 deep": (seed) => {
      let condition = sql`a = ${seed}`;
      for (let index = 0; index < 9; index++) condition = sql`(${condition} or b = ${index})`;
      return condition;
    },
  },
};
