import { tag } from "../../internal.js";

/**
 * Selects the texts of a reset that keeps what the program has done on its own connection. Of what cannot be told apart
 * from that, such as cursors, nothing is undone if the program had any. The server lists no settings of the program's
 * own, such as `app.tenant`, so they are reset. The reset, the settings and the role are sent separately, so one that
 * fails undoes none of the others.
 */
export const RESET_TO_NOW = /* @__PURE__ */ tag`
  select pg_catalog.concat_ws('; ',
    case when not exists (select from pg_catalog.pg_cursors where is_holdable) then 'close all' end,
    'set session authorization default; reset all; discard plans',
    case when not exists (select from pg_catalog.pg_listening_channels()) then 'unlisten *' end,
    case when not exists (
      select from pg_catalog.pg_locks
      where locktype operator(pg_catalog.=) 'advisory' and pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()
    ) then 'select pg_catalog.pg_advisory_unlock_all()' end,
    case when not exists (
      select from pg_catalog.pg_class
      where pg_catalog.pg_my_temp_schema() operator(pg_catalog.<>) 0::pg_catalog.oid
        and relnamespace operator(pg_catalog.=) pg_catalog.pg_my_temp_schema()
    ) then 'discard temp' end
  ), (
      select pg_catalog.string_agg(
        pg_catalog.format('select pg_catalog.set_config(%L, %L, false)', name, setting), '; ')
      from pg_catalog.pg_settings
      where source operator(pg_catalog.=) 'session'
  ), pg_catalog.concat_ws('; ',
    pg_catalog.format('set session authorization %I', session_user),
    pg_catalog.format('set role %s', case when pg_catalog.current_setting('role') operator(pg_catalog.=) 'none'
      then 'none' else pg_catalog.quote_ident(pg_catalog.current_setting('role')) end))`;
