import { NextvalError, type Sql, sql } from "../../index.js";

/** Whether a schema is inspected: it is one of `schemas`, or any except the server's own if none are given. */
export function isInspected(schema: Sql, schemas: readonly string[] | undefined): Sql {
  if (schemas === undefined) return sql`${schema} <> 'information_schema' and ${schema} !~ '^pg_'`;
  // One parameter each: to write an array, the driver would have to know the types of the server.
  return schemas.length === 0 ? sql`false` : sql`${schema} in (${sql.join(schemas.map((name) => sql`${name}::text`))})`;
}

/** Throws if the option `schemas` is not a list of names. */
export function checkSchemaNames(schemas: readonly string[] | undefined): void {
  if (schemas === undefined || (Array.isArray(schemas) && schemas.every((name) => typeof name === "string"))) return;
  throw new NextvalError("INVALID_ARGUMENT", `schemas must be a list of names, not ${JSON.stringify(schemas)}`);
}
