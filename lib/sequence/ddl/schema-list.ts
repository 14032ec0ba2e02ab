import { quoteIdentifier } from "../../sql/helpers/identifier.js";
import { nameProblem } from "../sequence-name.js";
import type { PgSchema } from "../sequence.js";
import type { Refuse } from "./role.js";

/** Writes the schemas of a statement: `"billing", "sales"`. */
export function schemaList(refuse: Refuse, schemas: PgSchema | string | readonly (PgSchema | string)[]): string {
  const list = [schemas].flat() as (PgSchema | string)[];
  if (list.length === 0) refuse("at least one schema is needed");
  return list
    .map((schema) => {
      const name = typeof schema === "object" && schema !== null ? schema.schemaName : schema;
      const problem = nameProblem(name, "the schema name");
      return problem === undefined ? quoteIdentifier(name) : refuse(problem);
    })
    .join(", ");
}
