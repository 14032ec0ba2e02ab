import { embed, nextval, sql } from "nextval";
import { Pool } from "pg";
import templateTag, { join } from "sql-template-tag";
import { expect, test } from "vitest";
import { testHost } from "../../support/hosts/host.js";

testHost("sql-template-tag, run by node-postgres", {
  text: (call) => `insert into orders (id, note) values (${call}, $1)`,
  open: (url) => {
    const pool = new Pool({ connectionString: url });
    return {
      insert: (sequence, note) =>
        pool.query(
          templateTag`insert into orders (id, note) values (${embed(templateTag, nextval(sequence))}, ${note})`,
        ),
      close: () => pool.end(),
    };
  },
});

test("a fragment with values is numbered among the values of the query", () => {
  const shout = embed(templateTag, sql`upper(${"a"} || ${"b"})`);
  const { text, values } = templateTag`select ${1}, ${join([shout, shout])}, ${"c"}`;
  expect({ text, values }).toEqual({
    text: "select $1, upper($2 || $3),upper($4 || $5), $6",
    values: [1, "a", "b", "a", "b", "c"],
  });
});
