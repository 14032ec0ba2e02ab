import { type Sql, sql } from "../../index.js";
import { storedIdentifier } from "../../internal.js";
import { body, quoted, quotedText } from "./names.js";
import type { WidenWork as Backfill } from "./widen-plan.js";

/** How many pages of 8 kB a batch reads. A page holds up to 226 rows. */
export const PAGES_PER_BATCH = 64;

const PAUSE_S = 0.02;

/**
 * Writes the UPDATE of a batch. Rows that another session has locked are passed over, so the backfill waits for no one,
 * and a later pass takes them. In the catalog path.
 */
function updateOf({ schema, name, columns }: Backfill, from: string, to: string): string {
  const table = quoted(schema, name);
  // Without aliases, a column could be taken for a variable of the DO statement.
  const set = columns.map((column) => `${quoted(column.to)} = w.${quoted(column.from)}`).join(", ");
  return (
    `update only ${table} w set ${set} where w.ctid = any (array(select t.ctid from only ${table} t ` +
    `where t.ctid >= ${from} and t.ctid < ${to} and (${openOf(columns)}) for no key update skip locked))`
  );
}

function openOf(columns: Backfill["columns"]): string {
  return columns.map(({ from, to }) => `t.${quoted(to)} is distinct from t.${quoted(from)}`).join(" or ");
}

/** Builds the statement for one batch. */
export function batchOf(backfill: Backfill, page: bigint): Sql {
  const at = (number: bigint) => `'(${number},0)'::tid`;
  return sql.raw(updateOf(backfill, at(page), at(page + BigInt(PAGES_PER_BATCH))));
}

/** Builds a query for the pages of a table, as text. */
export function pagesOf({ schema, name }: Backfill): Sql {
  return sql`
    select (pg_relation_size(${quoted(schema, name)}::regclass)
      / current_setting('block_size')::bigint)::text as pages`;
}

/** Builds a query for whether a row is still to be filled. It reads the table, and stops at the first one. */
export function isOpen({ schema, name, columns }: Backfill): Sql {
  const open = sql.raw(openOf(columns));
  return sql`select exists (select from only ${storedIdentifier(schema, name)} t where ${open})::text as open`;
}

/**
 * Writes all batches as one statement that commits after each. It cannot run in a transaction. It can be stopped and
 * run again. `application_name` shows how far it is.
 */
export function backfillStatement(backfill: Backfill): string {
  const { schema, name, columns } = backfill;
  const title = quoted(schema, name);
  const tid = (page: string) => `format('(%s,0)', ${page})::tid`;
  return `do ${body(`<<work>>
declare
  pages bigint;
  page bigint;
  filled bigint;
  moved bigint;
  idle integer := 0;
  shown text := pg_catalog.current_setting('application_name');
begin
  loop
    page := 0;
    moved := 0;
    pages := pg_catalog.pg_relation_size(${quotedText(title)}::pg_catalog.regclass)
      operator(pg_catalog./) pg_catalog.current_setting('block_size')::pg_catalog.int8;
    while page operator(pg_catalog.<=) pages loop
      perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
        pg_catalog.set_config('row_security', 'off', true),
        pg_catalog.set_config('application_name',
          pg_catalog.format('nextval widen: page %s of %s of %s', page, pages, ${quotedText(title)}), false);
      ${updateOf(backfill, tid("work.page"), tid(`work.page + ${PAGES_PER_BATCH}`))};
      get diagnostics filled = row_count;
      moved := moved + filled;
      page := page + ${PAGES_PER_BATCH};
      commit;
      if filled operator(pg_catalog.>) 0 then perform pg_catalog.pg_sleep(${PAUSE_S}); end if;
    end loop;
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    exit when not exists (select from only ${title} t where ${openOf(columns)});
    idle := case when moved = 0 then idle + 1 else 0 end;
    if idle >= ${MAX_IDLE_PASSES} then
      raise exception using message = ${quotedText(stuck(backfill))}, hint = ${quotedText(STUCK_HINT)};
    end if;
    perform pg_catalog.pg_sleep(${IDLE_PAUSE_S});
    commit;
  end loop;
  perform pg_catalog.set_config('application_name', shown, false);
end`)}`;
}

/** After so many passes that filled no row, although some are left, the backfill gives up. */
export const MAX_IDLE_PASSES = 30;
const IDLE_PAUSE_S = 1;

export function stuck({ schema, name }: Backfill): string {
  return `${quoted(schema, name)}: rows are left that stay locked, or that a trigger does not let change`;
}

export const STUCK_HINT = "End the session that has them locked, and run the backfill again.";
