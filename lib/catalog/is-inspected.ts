import { type Sql, sql } from "../index.js";

/** Whether a schema is one to look at: one of those that are asked for, else any but the server's own. */
export function isInspected(schema: Sql, schemas: readonly string[] | undefined): Sql {
  return schemas === undefined
    ? sql`${schema} <> 'information_schema' and ${schema} !~ '^pg_'`
    : sql`${schema} = any(${[...schemas]}::text[])`;
}
