import { type Sql, sql } from "../index.js";
import { callersSchemas } from "./catalog-path.js";

/** A part of a name in quotes or without them; any letter beyond ASCII will do. */
const PART = '("([^"]|"")+"|([a-zA-Z_]|[^[:cntrl:] -~])([a-zA-Z0-9_$]|[^[:cntrl:] -~])*)';

/**
 * How the server stores `nextval('order_seq'::text)`: a call of `nextval` (1574) with the look-up of a text (1079) of a constant,
 * which may be a `varchar`. The constant is given by its bytes, of which the first four are its length.
 */
const LOOK_UP =
  "{FUNCEXPR :funcid 1574 [^{]*{FUNCEXPR :funcid 1079 [^{]*(?:{RELABELTYPE [^{]*)?{CONST [^}]*" +
  ":constvalue [0-9]+ \\[(?: -?[0-9]+){4}((?: -?[0-9]+)+) \\]";

/** OIDs below are those of what initdb has made. Source: `FirstNormalObjectId`. */
export const FIRST_OF_USERS = 16_384;

/** The defaults of columns that look a sequence up by its name at each insert: the object is the table, with the column's number. */
export const lateBoundDefaults = lookedUpIn(sql`
  select 'pg_attrdef'::regclass as class, a.adrelid as object, a.adnum as number, a.adbin::text as stored
  from pg_catalog.pg_attrdef a`);

/** The domains with such a default. */
export const lateBoundDomains = lookedUpIn(sql`
  select 'pg_type'::regclass as class, t.oid as object, 0 as number, t.typdefaultbin::text as stored
  from pg_catalog.pg_type t
  where t.typdefaultbin is not null`);

/** The functions with such a statement or argument, and the rules; that of a view is a rule, too. A body that is a string is not looked at. */
export const lateBoundCode = lookedUpIn(sql`
  select 'pg_proc'::regclass as class, p.oid as object, 0 as number, concat(p.prosqlbody::text, p.proargdefaults::text) as stored
  from pg_catalog.pg_proc p
  where p.oid >= ${FIRST_OF_USERS}::oid and (p.prosqlbody is not null or p.proargdefaults is not null)
  union all
  select 'pg_rewrite'::regclass, r.oid, 0, concat(r.ev_action::text, r.ev_qual::text)
  from pg_catalog.pg_rewrite r
  where r.oid >= ${FIRST_OF_USERS}::oid`);

/**
 * Finds sequences that are looked up by name each time: the server knows of no dependency there, only what it stores tells. It goes
 * into a statement that has `sequences` with `oid`, `nspname` and `relname`.
 *
 * A name is compared with those that are there instead of being looked up: `to_regclass` fails if the role may not use its schema,
 * and before PostgreSQL 16 if it is not a name at all. The text that the server makes of an expression for people is not asked for,
 * because it waits for whoever has a table of the expression locked.
 */
function lookedUpIn(expressions: Sql): Sql {
  return sql`
  select s.oid as sequence, named.class, named.object, named.number
  from (
    select e.class, e.object, e.number,
      case when literal.name ~ ${`^(${PART}[.])?${PART}$`} then parse_ident(literal.name) end as parts
    from (${expressions}) e
    cross join lateral regexp_matches(e.stored, ${LOOK_UP}, 'g') match
    cross join lateral (
      select convert_from(decode(string_agg(lpad(to_hex(byte::int & 255), 2, '0'), '' order by place), 'hex'), getdatabaseencoding()) as name
      from unnest(string_to_array(ltrim(match[1]), ' ')) with ordinality as bytes (byte, place)
    ) literal
    where e.stored like '%:funcid 1574 %:funcid 1079 %'
  ) named
  join sequences s on s.relname = named.parts[cardinality(named.parts)]::name and case cardinality(named.parts)
    when 1 then s.nspname = (
      select n.nspname
      from unnest(${callersSchemas}) with ordinality as path (schema, place)
      join pg_catalog.pg_namespace n on n.nspname = path.schema
      join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = s.relname
      order by place limit 1
    )
    else s.nspname = named.parts[1]::name
  end`;
}
