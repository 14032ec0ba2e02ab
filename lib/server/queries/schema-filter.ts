import { NextvalError, type Sql, sql } from "../../index.js";
import { shownName } from "../names.js";

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

/** Throws for a schema that does not exist. Otherwise a mistyped name would report a healthy database. */
export function refuseUnknownSchemas(
  what: string,
  asked: readonly string[] | undefined,
  known: readonly string[],
): void {
  const unknown = asked?.filter((schema) => !known.includes(schema)) ?? [];
  if (unknown.length === 0) return;
  const missing = unknown.map((schema) => shownName(schema)).join(", ");
  throw new NextvalError("INVALID_ARGUMENT", `${what}: there is no schema ${missing}`, { hint: schemasHint(known) });
}

const MAX_NAMED = 20;

/** Says which schemas a database has, without the server's own. */
export function schemasHint(known: readonly string[]): string {
  const own = known.filter((schema) => !/^(pg_|information_schema$)/.test(schema));
  if (own.length === 0) return "The database has no schema.";
  const more = own.length > MAX_NAMED ? `, and ${own.length - MAX_NAMED} more` : "";
  const named = own.slice(0, MAX_NAMED).map((schema) => shownName(schema));
  return `The database has the ${own.length === 1 ? "schema" : "schemas"} ${named.join(", ")}${more}.`;
}
