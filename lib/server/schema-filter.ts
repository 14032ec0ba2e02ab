import { type Sql, sql } from "../index.js";

/** Whether a schema is inspected: it is one of `schemas`, or any except the server's own if none are given. */
export function isInspected(schema: Sql, schemas: readonly string[] | undefined): Sql {
  if (schemas === undefined) return sql`${schema} <> 'information_schema' and ${schema} !~ '^pg_'`;
  // One parameter each: to write an array, the driver would have to know the types of the server.
  return schemas.length === 0 ? sql`false` : sql`${schema} in (${sql.join(schemas.map((name) => sql`${name}`))})`;
}
