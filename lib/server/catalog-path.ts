import { sql } from "../index.js";

/**
 * Makes unqualified names mean those of `pg_catalog` until the transaction ends, or until `leaveCatalogPath` runs.
 * Otherwise a function or operator in another schema of the `search_path` could match better, and would run as the
 * reading role. Source: "Writing SECURITY DEFINER Functions Safely"; CVE-2018-1058.
 *
 * It also prevents views and foreign tables from being read, because they run their owners' code. Servers before 14.13,
 * 15.8, 16.4 and 17 do not have that setting. `nextval.schemas` then holds the schemas of the caller's path.
 *
 * It turns `quote_all_identifiers` off, because the library compares texts that the server writes: types and defaults.
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

/** Restores the settings that `enterCatalogPath` has changed. After an error the caller's rollback restores them. */
export const leaveCatalogPath = sql`
  select pg_catalog.set_config('search_path', pg_catalog.current_setting('nextval.search_path'), true),
    pg_catalog.set_config('quote_all_identifiers', pg_catalog.current_setting('nextval.quote_all_identifiers'), true),
    case when pg_catalog.current_setting('restrict_nonsystem_relation_kind', true) is not null
      then pg_catalog.set_config('restrict_nonsystem_relation_kind',
        pg_catalog.current_setting('nextval.restricted'), true) end`;

/** The existing schemas of the caller's path, in order. Unqualified names were looked up there. */
export const callersSchemas = sql`current_setting('nextval.schemas')::name[]`;
