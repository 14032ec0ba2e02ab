import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from "kysely";
import { type Contender, ROWS } from "./contender.js";

const db = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});
const draw = sql`pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`;

export const kysely: Contender = {
  name: "Kysely sql",
  text: "sql",
  values: "parameters",
  cases: {
    "3 scalars": (seed) =>
      sql`select id, name from users where org_id = ${seed} and age > ${seed + 1} and name = ${"x"}`.compile(db),
    splice: () => sql`select ${draw} as id`.compile(db),
    nested: (seed) =>
      sql`insert into orders (id, tenant, note, paid, discount, due) values (${draw}, ${seed}, ${"first"}, ${true},
        ${null}, ${sql`now() + ${seed} * interval '1 day'`})`.compile(db),
    "100 rows": () =>
      sql`insert into items ("id", "name", "ok")
        values ${sql.join(ROWS.map((row) => sql`(${row.id}, ${row.name}, ${row.ok})`))}`.compile(db),
    "10 deep": (seed) => {
      let condition = sql`a = ${seed}`;
      for (let index = 0; index < 9; index++) condition = sql`(${condition} or b = ${index})`;
      return condition.compile(db);
    },
  },
};
