import { sql } from "../../index.js";
import { columnsOfDomains } from "../../server/queries/feeding-columns.js";

/** Matches a column of a view in the text of its rule: its number, and the table and column that it shows. */
const ORIGIN =
  ":resno ([0-9]+) :resname (?:[^ \\\\]|\\\\.)+ :ressortgroupref [0-9]+ :resorigtbl ([0-9]+) :resorigcol ([0-9]+)";

/**
 * Selects the columns that take values from a sequence in another way than by their own default:
 *
 * - the default calls a function that draws, written as `begin atomic` or `return`;
 * - the column is of a domain whose default draws;
 * - a view shows the column, and the view's column has the default;
 * - the column is that of a partition that was attached without a default, and its table has the default;
 * - a rule that draws inserts into the table, and the column is one of numbers or texts.
 *
 * The server records a dependency for each of these, unless the sequence is looked up by name. If the default of a
 * domain does so, the feed is late-bound. Functions whose body is a string, and triggers, are not searched. It goes
 * into a statement that has `sequences` with `oid`, `defaults` of `drawingColumns`, `domains` of `drawingDomains`, and
 * `code` of `lateBoundCode`.
 */
export const indirectFeeds = sql`
  with recursive users as (
    select d.refobjid as sequence, d.classid, d.objid, false as late_bound
    from pg_catalog.pg_depend d
    where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid in (select oid from sequences)
      and d.classid in ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_rewrite'::pg_catalog.regclass)
    union
    select sequence, 'pg_catalog.pg_type'::pg_catalog.regclass, domain, late_bound from domains
    union
    select sequence, class, object, false from code
    union
    select u.sequence, d.classid, d.objid, u.late_bound
    from users u
    join pg_catalog.pg_depend d on d.refclassid = u.classid and d.refobjid = u.objid
    where u.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  ), begun as (
    select sequence, relation, number, false as indirect, false as late_bound from defaults
    union
    select u.sequence, a.adrelid, a.adnum, true, false
    from users u
    join pg_catalog.pg_attrdef a on a.oid = u.objid
    where u.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
    union
    select u.sequence, of_domain.relation, of_domain.number, true, u.late_bound
    from users u
    join (${columnsOfDomains}) of_domain on of_domain.domain = u.objid
    where u.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
    union
    select u.sequence, d.refobjid, d.refobjsubid, true, false
    from users u
    join pg_catalog.pg_rewrite r on r.oid = u.objid and r.ev_type <> '1'
    join pg_catalog.pg_depend d on d.classid = u.classid and d.objid = u.objid and d.refobjid <> r.ev_class
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0
    join pg_catalog.pg_attribute att on att.attrelid = d.refobjid and att.attnum = d.refobjsubid
    join pg_catalog.pg_type type on type.oid = att.atttypid and type.typcategory in ('N', 'S')
    where u.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
  ), reached as (
    select relation from begun
    union
    select onward.relation
    from reached
    cross join lateral (
      select i.inhrelid as relation from pg_catalog.pg_inherits i where i.inhparent = reached.relation
      union all
      select d.refobjid
      from pg_catalog.pg_rewrite r
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      where r.ev_class = reached.relation and r.ev_type = '1'
    ) onward
  ), origins as materialized (
    -- The text of a rule grows with the columns of its view, so it is parsed once per view and not per column.
    select r.ev_class as view, origin[1]::pg_catalog.int4 as number,
      origin[2]::pg_catalog.oid as relation, origin[3]::pg_catalog.int4 as origin
    from pg_catalog.pg_rewrite r
    join pg_catalog.pg_class c on c.oid = r.ev_class and c.relkind = 'v'
    cross join lateral pg_catalog.regexp_matches(r.ev_action::pg_catalog.text, ${ORIGIN}, 'g') origin
    where r.ev_type = '1' and r.ev_class in (select relation from reached) and origin[2] <> '0' and origin[3] <> '0'
  ), fed as (
    select sequence, relation, number, indirect, late_bound from begun
    union
    select f.sequence, onward.relation, onward.number, true, false
    from fed f
    join pg_catalog.pg_class c on c.oid = f.relation and c.relkind in ('v', 'p')
    join pg_catalog.pg_attribute att on att.attrelid = f.relation and att.attnum = f.number
    cross join lateral (
      select part.attrelid as relation, part.attnum as number
      from pg_catalog.pg_inherits i
      join pg_catalog.pg_attribute part on part.attrelid = i.inhrelid and part.attname = att.attname
      where c.relkind = 'p' and i.inhparent = f.relation
      union all
      select o.relation, o.origin from origins o where o.view = f.relation and o.number = f.number
    ) onward
  )
  select sequence, relation, number, bool_or(late_bound) as late_bound
  from fed
  where indirect
  group by sequence, relation, number`;
