import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { type Contender, ROWS } from "./contender.js";

const dialect = new PgDialect();
const draw = sql`pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`;

export const drizzle: Contender = {
  name: "Drizzle sql",
  text: "sql",
  values: "params",
  cases: {
    "3 scalars": (seed) =>
      dialect.sqlToQuery(
        sql`select id, name from users where org_id = ${seed} and age > ${seed + 1} and name = ${"x"}`,
      ),
    splice: () => dialect.sqlToQuery(sql`select ${draw} as id`),
    nested: (seed) =>
      dialect.sqlToQuery(
        sql`insert into orders (id, tenant, note, paid, discount, due) values (${draw}, ${seed}, ${"first"}, ${true},
          ${null}, ${sql`now() + ${seed} * interval '1 day'`})`,
      ),
    "100 rows": () =>
      dialect.sqlToQuery(
        sql`insert into items ("id", "name", "ok") values ${sql.join(
          ROWS.map((row) => sql`(${row.id}, ${row.name}, ${row.ok})`),
          sql`, `,
        )}`,
      ),
    "10 deep": (seed) => {
      let condition = sql`a = ${seed}`;
      for (let index = 0; index < 9; index++) condition = sql`(${condition} or b = ${index})`;
      return dialect.sqlToQuery(condition);
    },
  },
};
