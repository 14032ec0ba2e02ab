import databases from "@databases/sql";
import { type Contender, ROWS } from "./contender.js";

const sql = databases.default;
const draw = sql`pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`;

/** The format of @databases/pg. */
const PG = {
  escapeIdentifier: (name: string) => `"${name.replaceAll('"', '""')}"`,
  formatValue: (value: unknown, index: number) => ({ placeholder: `$${index + 1}`, value }),
};

export const databasesSql: Contender = {
  name: "@databases/sql",
  text: "text",
  values: "values",
  cases: {
    "3 scalars": (seed) =>
      sql`select id, name from users where org_id = ${seed} and age > ${seed + 1} and name = ${"x"}`.format(PG),
    splice: () => sql`select ${draw} as id`.format(PG),
    nested: (seed) =>
      sql`insert into orders (id, tenant, note, paid, discount, due) values (${draw}, ${seed}, ${"first"}, ${true},
        ${null}, ${sql`now() + ${seed} * interval '1 day'`})`.format(PG),
    "100 rows": () =>
      sql`insert into items ("id", "name", "ok") values ${sql.join(
        ROWS.map((row) => sql`(${row.id}, ${row.name}, ${row.ok})`),
        ", ",
      )}`.format(PG),
    "10 deep": (seed) => {
      let condition = sql`a = ${seed}`;
      for (let index = 0; index < 9; index++) condition = sql`(${condition} or b = ${index})`;
      return condition.format(PG);
    },
  },
};
