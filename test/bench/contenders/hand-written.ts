import { type Contender, ROWS } from "./contender.js";

const SCALARS = "select id, name from users where org_id = $1 and age > $2 and name = $3";
const SPLICE = `select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass) as id`;
const NESTED =
  "insert into orders (id, tenant, note, paid, discount, due) " +
  `values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1, $2, $3, $4, now() + $5 * interval '1 day')`;
const TUPLES = ROWS.map((_, index) => `($${3 * index + 1}, $${3 * index + 2}, $${3 * index + 3})`);
const HUNDRED_ROWS = `insert into items ("id", "name", "ok") values ${TUPLES.join(", ")}`;
const DEEP = `${"(".repeat(9)}a = $1${Array.from({ length: 9 }, (_, index) => ` or b = $${index + 2})`).join("")}`;

/** The limit: a constant text, and an array of the values. */
export const handWritten: Contender = {
  name: "by hand",
  text: "text",
  values: "values",
  cases: {
    "3 scalars": (seed) => ({ text: SCALARS, values: [seed, seed + 1, "x"] }),
    splice: () => ({ text: SPLICE, values: [] }),
    nested: (seed) => ({ text: NESTED, values: [seed, "first", true, null, seed] }),
    "100 rows": () => {
      const values: unknown[] = [];
      for (const row of ROWS) values.push(row.id, row.name, row.ok);
      return { text: HUNDRED_ROWS, values };
    },
    "10 deep": (seed) => ({ text: DEEP, values: [seed, 0, 1, 2, 3, 4, 5, 6, 7, 8] }),
  },
};
