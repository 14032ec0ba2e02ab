import { type Sql, sql } from "../../index.js";

/** Catalogs of objects that have an owner, with its column. Publications and extensions run no code. */
const OWNERS: Readonly<Record<string, string>> = {
  pg_class: "relowner",
  pg_collation: "collowner",
  pg_conversion: "conowner",
  pg_event_trigger: "evtowner",
  pg_namespace: "nspowner",
  pg_opclass: "opcowner",
  pg_operator: "oprowner",
  pg_opfamily: "opfowner",
  pg_proc: "proowner",
  pg_statistic_ext: "stxowner",
  pg_ts_config: "cfgowner",
  pg_ts_dict: "dictowner",
  pg_type: "typowner",
};

/** Writes the OID of a catalog. */
export function catalog(name: string): Sql {
  return sql`${sql.literal(`pg_catalog.${name}`)}::pg_catalog.regclass`;
}

const EQUAL = sql.raw("operator(pg_catalog.=)");
const OTHER = sql.raw("operator(pg_catalog.<>)");

/**
 * Builds the expressions of a `with recursive` for all code that may run when tables are written or changed. The last
 * one is `attached (root, classid, objid, role)`: each object and its owner, with the table that it was found at.
 *
 * It follows `pg_depend` from the tables to what they have attached, such as indexes, constraints, triggers and
 * policies, and from there to what these use, such as functions, operators, types and schemas. What the body of a
 * function calls is recorded only for those in `begin atomic`. Objects that initdb has made are not recorded.
 *
 * @param starts - a query of `root`, `classid` and `objid`: tables, partitions and views, which are their own roots
 */
export function attachedCode(starts: Sql): Sql {
  const owned = Object.entries(OWNERS).map(
    ([name, owner]) => sql`
      select part.root, part.classid, part.objid, o.${sql.raw(owner)}
      from part
      join pg_catalog.${sql.raw(name)} o on part.classid ${EQUAL} ${catalog(name)} and o.oid ${EQUAL} part.objid`,
  );
  return sql`
    part (root, classid, objid) as (
      (${starts})
      union
      select part.root, next.classid, next.objid
      from part
      cross join lateral (
        -- What it uses, other than tables. A row type also uses the columns of its table.
        select d.refclassid, d.refobjid
        from pg_catalog.pg_depend d
        where d.classid ${EQUAL} part.classid and d.objid ${EQUAL} part.objid and d.deptype ${OTHER} all ('{e,x}')
          and (d.refclassid ${OTHER} ${catalog("pg_class")} or d.classid ${EQUAL} ${catalog("pg_type")})
        union all
        -- What it has attached, such as an index of a table, the check of a domain, or a member of an operator class.
        select d.classid, d.objid
        from pg_catalog.pg_depend d
        where d.refclassid ${EQUAL} part.classid and d.refobjid ${EQUAL} part.objid
          and d.deptype ${EQUAL} any ('{a,i,P,S}')
          and case
            when d.refclassid ${EQUAL} ${catalog("pg_class")}
            then d.refobjid ${EQUAL} part.root and d.classid ${OTHER} ${catalog("pg_publication_rel")}
            when d.refclassid ${EQUAL} ${catalog("pg_type")}
            then d.classid ${EQUAL} any (array[${catalog("pg_class")}, ${catalog("pg_constraint")}]::pg_catalog.oid[])
            else d.refclassid ${OTHER} ${catalog("pg_namespace")} end
      ) next (classid, objid)
    ), attached (root, classid, objid, role) as (
      ${sql.join(owned, sql` union all`)}
    )`;
}
