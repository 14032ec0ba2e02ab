import { type Sql, sql } from "../index.js";
import { callersSchemas } from "./catalog-path.js";
import { expressionText } from "./expression-text.js";

/** One part of a name, quoted or not. Any character beyond ASCII is accepted. */
const PART = '("([^"]|"")+"|([a-zA-Z_]|[^[:cntrl:] -~])([a-zA-Z0-9_$]|[^[:cntrl:] -~])*)';

/**
 * Selects the defaults that look up a sequence by name at each insert: `nextval('order_seq'::text)`. The server records
 * no dependency for them; only their text shows it. It goes into a statement that has `sequences` with `oid`, `nspname`
 * and `relname`.
 *
 * A name is compared with the existing names instead of being looked up. `to_regclass` fails if the role may not use
 * the schema, and before PostgreSQL 16 if the text is not a name. The text of a default is requested without its table,
 * whose columns it does not name: with the table, the server waits for sessions that have it locked. 1574 is `nextval`,
 * and 1079 the look-up of a text.
 */
export const lateBoundDefaults = lookedUpIn(sql`
  select a.adrelid as relation, a.adnum as number, a.adbin as expression from pg_catalog.pg_attrdef a`);

/** Selects the domains whose default looks up a sequence by name. Their OID is the `relation`. */
export const lateBoundDomains = lookedUpIn(sql`
  select t.oid as relation, 0 as number, t.typdefaultbin as expression
  from pg_catalog.pg_type t
  where t.typdefaultbin is not null`);

function lookedUpIn(defaults: Sql): Sql {
  return sql`
  select s.oid as sequence, named.relation, named.number
  from (
    select a.relation, a.number,
      case when literal.name ~ ${`^(${PART}[.])?${PART}$`} then parse_ident(literal.name) end as parts
    from (${defaults}) a
    cross join lateral regexp_matches(
      ${expressionText(sql`a.expression`)},
      $re$nextval[(][(]'((?:[^']|'')+)'::(?:text|character varying)[)]::regclass[)]$re$, 'g'
    ) match
    cross join lateral (select replace(match[1], '''''', '''') as name) literal
    where a.expression::text like '%:funcid 1574 %:funcid 1079 %'
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
