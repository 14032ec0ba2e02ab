import { type Sql, sql } from "../../index.js";
import { callersSchemas } from "../catalog-path.js";

/** One part of a name, quoted or not. Any character beyond ASCII is accepted. */
const PART = '("([^"]|"")+"|([a-zA-Z_]|[^[:cntrl:] -~])([a-zA-Z0-9_$]|[^[:cntrl:] -~])*)';

/**
 * Matches the server's stored form of `nextval('order_seq'::text)`: a call of `nextval` (1574) with the look-up of a
 * text (1079) of a constant, which may be a `varchar`. The constant is stored as bytes, and the first four are its
 * length.
 */
const LOOK_UP =
  "{FUNCEXPR :funcid 1574 [^{]*{FUNCEXPR :funcid 1079 [^{]*(?:{RELABELTYPE [^{]*)?{CONST [^}]*" +
  ":constvalue [0-9]+ \\[(?: -?[0-9]+){4}((?: -?[0-9]+)+) \\]";

/** Smaller OIDs are those of objects that initdb has made. Source: `FirstNormalObjectId`. */
export const FIRST_OF_USERS = 16_384;

/**
 * Selects the defaults of columns that look up a sequence by name at each insert. The object is the table, with the
 * column's number.
 */
export const lateBoundDefaults = lookedUpIn(sql`
  select 'pg_attrdef'::regclass as class, a.adrelid as object, a.adnum as number, a.adbin::text as stored
  from pg_catalog.pg_attrdef a`);

/** Selects the domains whose default looks up a sequence by name. */
export const lateBoundDomains = lookedUpIn(sql`
  select 'pg_type'::regclass as class, t.oid as object, 0 as number, t.typdefaultbin::text as stored
  from pg_catalog.pg_type t
  where t.typdefaultbin is not null`);

/**
 * Selects the functions with such a statement or argument, and the rules, including those of views. A body that is a
 * string is not searched.
 */
export const lateBoundCode = lookedUpIn(sql`
  select 'pg_proc'::regclass as class, p.oid as object, 0 as number,
    concat(p.prosqlbody::text, p.proargdefaults::text) as stored
  from pg_catalog.pg_proc p
  where p.oid >= ${FIRST_OF_USERS}::oid and (p.prosqlbody is not null or p.proargdefaults is not null)
  union all
  select 'pg_rewrite'::regclass, r.oid, 0, concat(r.ev_action::text, r.ev_qual::text)
  from pg_catalog.pg_rewrite r
  where r.oid >= ${FIRST_OF_USERS}::oid`);

/**
 * Finds sequences that are looked up by name each time. The server records no dependency for them; only its stored
 * expressions show it. It goes into a statement that has `sequences` with `oid`, `nspname` and `relname`.
 *
 * A name is compared with the existing names instead of being looked up. `to_regclass` fails if the role may not use
 * the schema, and before PostgreSQL 16 if the text is not a name. The readable text of an expression is not requested,
 * because the server would wait for sessions that have a table of the expression locked.
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
      select convert_from(
        decode(string_agg(lpad(to_hex(byte::int & 255), 2, '0'), '' order by place), 'hex'), getdatabaseencoding()
      ) as name
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
