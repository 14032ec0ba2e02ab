import { sql } from "../index.js";

/**
 * Makes names without a schema mean those of `pg_catalog` until the transaction ends, or `leaveCatalogPath` runs. Else a
 * function or operator of another schema in the `search_path` could match better, and would run as the role that reads.
 * Source: "Writing SECURITY DEFINER Functions Safely"; CVE-2018-1058.
 *
 * It also keeps views and foreign tables from being read, because they run code of their owners. Servers before 14.13, 15.8,
 * 16.4 and 17 do not have that setting. `nextval.schemas` then holds the schemas of the path that the caller has.
 *
 * `quote_all_identifiers` is off meanwhile, because the library compares what the server writes: types and texts of defaults.
 */
export function enterCatalogPath({ views }: { readonly views: boolean }) {
  return views ? sql`${ENTER}` : sql`${ENTER}, ${RESTRICT}`;
}

const ENTER = sql`
  select pg_catalog.set_config('nextval.search_path', pg_catalog.current_setting('search_path'), true),
    pg_catalog.set_config('nextval.schemas', pg_catalog.current_schemas(false)::pg_catalog.text, true),
    pg_catalog.set_config('nextval.restricted',
      coalesce(pg_catalog.current_setting('restrict_nonsystem_relation_kind', true), ''), true),
    pg_catalog.set_config('nextval.quote_all_identifiers', pg_catalog.current_setting('quote_all_identifiers'), true),
    pg_catalog.set_config('quote_all_identifiers', 'off', true),
    pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)`;

const RESTRICT = sql`
    case when pg_catalog.current_setting('restrict_nonsystem_relation_kind', true) is not null
      then pg_catalog.set_config('restrict_nonsystem_relation_kind', 'view, foreign-table', true) end`;

/** Puts back what `enterCatalogPath` has found. After an error the rollback of the caller does so. */
export const leaveCatalogPath = sql`
  select pg_catalog.set_config('search_path', pg_catalog.current_setting('nextval.search_path'), true),
    pg_catalog.set_config('quote_all_identifiers', pg_catalog.current_setting('nextval.quote_all_identifiers'), true),
    case when pg_catalog.current_setting('restrict_nonsystem_relation_kind', true) is not null
      then pg_catalog.set_config('restrict_nonsystem_relation_kind',
        pg_catalog.current_setting('nextval.restricted'), true) end`;

/** The schemas of the caller's path that exist, in their order; names without a schema were looked for there. */
export const callersSchemas = sql`current_setting('nextval.schemas')::name[]`;
