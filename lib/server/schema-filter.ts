import { type Sql, sql } from "../index.js";

/** Whether a schema is one to look at: one of those that are asked for, else any but the server's own. */
export function isInspected(schema: Sql, schemas: readonly string[] | undefined): Sql {
  if (schemas === undefined) return sql`${schema} <> 'information_schema' and ${schema} !~ '^pg_'`;
  // A parameter each: an array would be written by the driver, which has to know the types of the server for that.
  return schemas.length === 0 ? sql`false` : sql`${schema} in (${sql.join(schemas.map((name) => sql`${name}`))})`;
}
