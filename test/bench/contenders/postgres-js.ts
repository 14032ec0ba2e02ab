import postgres from "postgres";
import { type Contender, ROWS } from "./contender.js";

// A client that never connects: its queries are compiled by what the driver itself compiles them with, and never
// awaited.
const sql = postgres();
const draw = sql`pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`;

interface Compiler {
  stringify(query: object, text: string, first: unknown, values: unknown[], types: unknown[], options: object): string;
}

/** The compiler is not a public export, but a file beside the driver's entry. */
const { stringify } = (await import(new URL("types.js", import.meta.resolve("postgres")).href)) as Compiler;

function compile(query: object): { text: string; values: unknown[] } {
  const { strings, args } = query as { strings: string[]; args: unknown[] };
  const values: unknown[] = [];
  const text = stringify(query, strings[0] as string, args[0], values, [], sql.options);
  return { text, values };
}

export const postgresJs: Contender = {
  name: "postgres.js",
  text: "text",
  values: "values",
  cases: {
    "3 scalars": (seed) =>
      compile(sql`select id, name from users where org_id = ${seed} and age > ${seed + 1} and name = ${"x"}`),
    splice: () => compile(sql`select ${draw} as id`),
    nested: (seed) =>
      compile(
        sql`insert into orders (id, tenant, note, paid, discount, due) values (${draw}, ${seed}, ${"first"}, ${true},
          ${null}, ${sql`now() + ${seed} * interval '1 day'`})`,
      ),
    // Fragments in an array get a space between them, so each brings its own comma.
    "100 rows": () =>
      compile(
        sql`insert into items ("id", "name", "ok") values ${ROWS.map((row, index) =>
          index === 0 ? sql`(${row.id}, ${row.name}, ${row.ok})` : sql`, (${row.id}, ${row.name}, ${row.ok})`,
        )}`,
      ),
    "10 deep": (seed) => {
      let condition = sql`a = ${seed}`;
      for (let index = 0; index < 9; index++) condition = sql`(${condition} or b = ${index})`;
      return compile(condition);
    },
  },
};
