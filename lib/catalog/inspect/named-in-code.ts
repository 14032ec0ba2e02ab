import { type Sql, sql } from "../../index.js";
import { FIRST_OF_USERS } from "../../server/queries/late-bound-names.js";

/**
 * Separates words in the code of functions. Quotes also do, so a quoted name is one word unless it contains several.
 */
const SEPARATORS = "'\"()[]{},.;:|=<>+-*/%!?@#&^~`\\\n\r\t";

/** Builds an expression for the words of a text, with few spaces between them. `translate` takes many times longer. */
function wordsOf(text: Sql): Sql {
  const spaces = ["    ", "  ", "  "];
  return [...SEPARATORS, ...spaces].reduce(
    (words, separator) => sql`replace(${words}, ${sql.literal(separator)}, ' ')`,
    text,
  );
}

/** Builds an expression for a text without quotes and backslashes, which code doubles within names and strings. */
function withoutQuotes(text: Sql): Sql {
  return ["'", '"', "\\"].reduce((bare, quote) => sql`replace(${bare}, ${sql.literal(quote)}, '')`, text);
}

/**
 * Selects the functions, views and rules that name a sequence which the server looks up each time. These are those of
 * `code`, and functions whose body is a string. Of such a body it is only known that it draws from, sets or alters some
 * sequence, and that the name is one of its words. Names that it builds, as in `nextval(tg_table_name || '_id_seq')`,
 * are unknown.
 *
 * It goes into a statement that has `sequences` with `oid` and `relname`, and `code` of `lateBoundCode`.
 */
export const namedInCode = sql`
  with bodies as materialized (
    select p.oid, lower(p.prosrc) as body
    from pg_catalog.pg_proc p
    join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname not in ('internal', 'c')
    where p.oid >= ${FIRST_OF_USERS}::oid and p.prosqlbody is null
      and lower(p.prosrc) like any(array['%nextval%', '%currval%', '%setval%', '%sequence%'])
  ), names as materialized (
    select s.oid, lower(s.relname) as name, ${withoutQuotes(sql`lower(s.relname::text)`)} as bare,
      translate(s.relname, ${` ${SEPARATORS}`}, '') <> s.relname as several
    from sequences s
  ), rarest as (
    -- Of a name of several words, the one that the fewest names have. Only code with that word is searched.
    select distinct on (part.oid) part.oid, part.word
    from (
      select n.oid, each.word, count(*) over (partition by each.word) as uses
      from names n
      cross join lateral string_to_table(${wordsOf(sql`n.name`)}, ' ') each (word)
      where n.several and each.word <> ''
    ) part
    order by part.oid, part.uses, length(part.word) desc
  ), spoken as materialized (
    select n.*, case when n.several then rarest.word else n.name end as word
    from names n
    left join rarest using (oid)
  ), bare as materialized (
    select b.oid, ${withoutQuotes(sql`b.body`)} as body from bodies b where exists (select from spoken where several)
  ), saying as (
    select sequence, class, object from code
    union
    select s.oid, 'pg_proc'::regclass, hit.function
    from (
      select distinct s.oid, word.function
      from (select b.oid as function, string_to_table(${wordsOf(sql`b.body`)}, ' ') as word from bodies b) word
      join spoken s using (word)
      union all
      select s.oid, b.oid from spoken s, bodies b where s.word is null
    ) hit
    join spoken s using (oid)
    left join bare b on b.oid = hit.function
    where not s.several or strpos(b.body, s.bare) > 0
  ), objects as materialized (
    -- Hundreds of sequences may be named in one function.
    select said.class, said.object, object.type || ' ' || object.identity as title
    from (select distinct class, object from saying) said
    cross join lateral pg_catalog.pg_identify_object(said.class, said.object, 0) object
  )
  select sequence, array_agg(objects.title order by objects.title) as names
  from saying
  join objects using (class, object)
  group by sequence`;
