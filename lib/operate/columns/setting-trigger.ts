import { type Sql, sql } from "../../index.js";

/** Matches a quoted name or text, which may look like a comment, and a comment. */
const COMMENTS = "('[^']*'|\"[^\"]*\")|--[^\\n]*|/[*](?:[^*]|[*]+[^*/])*[*]+/";
/** Matches what may leave a row as it is, or draw from the sequence. */
const CONDITIONS = "\\m(?:if|case|coalesce|nullif|loop|exception|nextval)\\M";
const LINE_COMMENTS = "--[^\\n]*";
/** Matches strings, block comments and dollar quotes, in which an assignment may only be text. */
const TEXTS = "['$\\\\]|/[*]";
/** Matches a second RETURN, or one that is not the end. */
const RETURNS = "\\mreturn\\M.*\\mreturn\\M|\\mreturn\\M(?!\\s+new\\s*;\\s*end\\s*;?\\s*$)";
/** Matches a second use of the row as a whole. */
const ROWS = "\\mnew\\M(?!\\s*[.]).*\\mnew\\M(?!\\s*[.])";
/** Longer functions are not searched, and not more triggers of a table, because each search takes time. */
const MAX_BODY = 16_000;
const MAX_TRIGGERS = 8;
/** Matches what comes before an assignment. */
const BEGINNING = "(?:^|;|\\mbegin|\\mthen|\\melse|\\mloop|>>)\\s*";
const INTO = "\\minto\\s+(?:strict\\s+)?(?:new\\s*\\.\\s*[^\\s,]+\\s*,\\s*)*";
const NEW = "new\\s*\\.\\s*";
const WORD = "(?:^|[^[:alnum:]_$])";
const WORD_END = "(?![[:alnum:]_$])";
const QUOTES = "'\"\\";

/**
 * Builds an expression for a trigger that sets a column of new rows to something else, as JSON with its name, and
 * `always` if it certainly does so in each row. It is null if none is found.
 *
 * Only functions in PL/pgSQL are searched, for `new.column := ...` and `into new.column`. Conditions are not evaluated.
 * A function that names the sequence does not count, because it draws from it. Neither does one that only replaces
 * nulls, if the column is filled before. If the function reads the column, contains a string or a block comment, or may
 * return early, it is not certain what it sets. Source: "Trigger Functions".
 *
 * @param relation - the OID of the table
 * @param column - the name of the column
 * @param sequence - the name of the sequence
 * @param isFilled - whether the column has a value before the trigger runs
 */
export function settingTrigger(relation: Sql, column: Sql, sequence: Sql, isFilled: Sql): Sql {
  const escaped = (name: Sql) => sql`regexp_replace(${name}, '([^[:alnum:]])', ${"\\\\\\1"}, 'g')`;
  const bare = (text: Sql) => sql`translate(lower(${text}), ${QUOTES}, '')`;
  return sql`(
    select json_build_object('name', tr.tgname,
      'always', ${isFilled} and tr.tgqual is null
        and regexp_replace(p.prosrc, ${LINE_COMMENTS}, '', 'g') !~ ${TEXTS} and code.body !~ ${CONDITIONS}
        and code.body !~ ${RETURNS} and code.body !~ ${ROWS} and code.body !~ concat(code.field, '.*', code.field))
    from (
      select * from pg_catalog.pg_trigger
      where tgrelid = ${relation} and not tgisinternal and tgenabled in ('O', 'A')
        -- For each row (1) of an INSERT (4), and BEFORE (2) or INSTEAD OF (64) it.
        and tgtype & 5 = 5 and tgtype & 66 <> 0
      order by tgname
      limit ${MAX_TRIGGERS}
    ) tr
    join pg_catalog.pg_proc p on p.oid = tr.tgfoid and length(p.prosrc) <= ${MAX_BODY}
    join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
    cross join lateral (
      select lower(regexp_replace(p.prosrc, ${COMMENTS}, ${"\\1"}, 'g')) as body,
        case when ${column} ~ '^[a-z_][a-z0-9_]*$' then concat(${NEW}::text, '"?', ${column}, '"?')
          else concat(${NEW}::text, '"', ${escaped(sql`replace(lower(${column}), '"', '""')`)}, '"') end as field
    ) code
    where code.body ~ concat(
        ${BEGINNING}::text, code.field, ${"\\s*:?=|"}::text, ${INTO}::text, code.field, ${WORD_END}::text)
      and ${bare(sql`code.body`)} !~ concat(${WORD}::text, ${escaped(bare(sequence))}, ${WORD_END}::text)
      and not (${isFilled} and (
        coalesce(tr.tgqual::text, '') like '%{NULLTEST %'
        or code.body ~ concat(code.field, ${"\\s+is\\s+null|\\mcoalesce\\s*[(]\\s*"}::text, code.field)
      ))
    order by tr.tgname
    limit 1
  )`;
}
