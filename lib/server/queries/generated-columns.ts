import { sql } from "../../index.js";

/**
 * The columns that generated columns are computed from: a `relation`, the `number` of its column, and the number
 * `generated` of the generated column. Only the expression of a generated column names columns; a default never does.
 */
export const generatedFrom = sql`
  select a.adrelid as relation, used[1]::pg_catalog.int2 as number, a.adnum as generated
  from pg_catalog.pg_attrdef a
  cross join lateral pg_catalog.regexp_matches(a.adbin::text, '[{]VAR :varno [0-9]+ :varattno ([0-9]+) ', 'g') used
  where a.adbin::text like '%{VAR %'`;
