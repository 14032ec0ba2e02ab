import { sql } from "../../index.js";
import { lateBoundDefaults, lateBoundDomains } from "./late-bound-names.js";

/*
 * The columns that a sequence feeds: the parts of the model that the catalog and the operations share. Each goes into a
 * statement that has `sequences` with `oid`, `nspname` and `relname`.
 */

/**
 * Selects the columns that own a sequence: a `sequence`, a `relation` and the `number` of its column. `is_identity` is
 * false for SERIAL and OWNED BY, which say nothing of the default.
 */
export const owningColumns = sql`
  select d.objid as sequence, d.refobjid as relation, d.refobjsubid as number, d.deptype = 'i' as is_identity
  from pg_catalog.pg_depend d
  where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
    and d.refobjsubid > 0 and d.deptype in ('a', 'i') and d.objid in (select oid from sequences)`;

/**
 * Selects the columns whose own default draws from a sequence. `late_bound` says that the default looks it up by name.
 */
export const drawingColumns = sql`
  select d.refobjid as sequence, a.adrelid as relation, a.adnum as number, false as late_bound
  from pg_catalog.pg_depend d
  join pg_catalog.pg_attrdef a on a.oid = d.objid
  where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
    and d.refobjid in (select oid from sequences)
  union all
  select late.sequence, late.object, late.number, true from (${lateBoundDefaults}) late`;

/** Selects the domains whose default draws from a sequence. */
export const drawingDomains = sql`
  select d.refobjid as sequence, d.objid as domain, false as late_bound
  from pg_catalog.pg_depend d
  where d.classid = 'pg_catalog.pg_type'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
    and d.refobjid in (select oid from sequences)
  union all
  select late.sequence, late.object, true from (${lateBoundDomains}) late`;

/** Selects the columns whose default is that of their domain. A domain over a domain has a copy of its default. */
export const columnsOfDomains = sql`
  select type.oid as domain, att.attrelid as relation, att.attnum as number
  from pg_catalog.pg_type type
  join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_type'::regclass and d.refobjid = type.oid
    and d.classid = 'pg_catalog.pg_class'::regclass and d.objsubid > 0
  join pg_catalog.pg_attribute att on att.attrelid = d.objid and att.attnum = d.objsubid
  join pg_catalog.pg_class c on c.oid = d.objid and c.relkind in ('r', 'p', 'f')
  where type.typtype = 'd' and type.typdefaultbin is not null and not att.atthasdef and att.attidentity = ''`;
