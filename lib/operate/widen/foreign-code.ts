import { NextvalError, type Sql, sql, type Transaction } from "../../index.js";
import { storedIdentifier } from "../../internal.js";
import type { ColumnName } from "../../server/name-shapes.js";
import { columnOf, shownName } from "../../server/names.js";
import { attachedCode, catalog } from "../../server/queries/attached-code.js";
import { isOther, isPowerful, roleBehind } from "../../server/queries/powerful-reader.js";
import { readDocument } from "../../server/read-json.js";
import type { Model } from "./tables.js";

/**
 * Throws `PLAN_REFUSED` if a phase may run code of a role that is not trusted as the connected role.
 *
 * There is one rule. The tables and views, everything that they have attached, and everything that these things use
 * belong to trusted roles: superusers, the role that has logged in, and `trustOwners`. A role that cannot become
 * superuser also trusts itself, the owner of the table that it names, and the owner of the database. It does not trust
 * the owner of another table for being a member of that role: others may have made it one.
 *
 * The server records all of this in `pg_depend`, but for what the body of a function calls. So a role that is trusted
 * answers for what its functions call.
 */
export async function refuseForeignCode(
  tx: Transaction,
  { tables, foreignKeys, relations, dependents }: Model,
  target: ColumnName,
  trustOwners: readonly string[],
): Promise<void> {
  const keyTables = foreignKeys.flatMap(({ fromRoot, toRoot }) => [fromRoot, toRoot]);
  const roots = new Set([...tables.map(({ root }) => root.oid), ...keyTables]);
  const touched = [...relations.values()].filter(({ root }) => roots.has(root)).map(({ oid }) => oid);
  const oids = [...touched, ...dependents.views.map(({ oid }) => oid)];
  const named = sql`${tables[0]?.root.oid ?? "0"}::oid`;
  await refuseCodeAt(tx, sql`values ${sql.join(oids.map((oid) => sql`(${oid}::oid)`))}`, named, target, trustOwners);
}

/** Throws `PLAN_REFUSED` if a write to one table may run such code. */
export function refuseCodeOfTable(
  tx: Transaction,
  table: { readonly schema: string; readonly name: string },
  target: ColumnName,
  trustOwners: readonly string[],
): Promise<void> {
  const oid = (...name: [string, string]) => sql`${storedIdentifier(...name).text}::regclass::oid`;
  const named = oid(target.schema, target.table);
  return refuseCodeAt(tx, sql`select ${oid(table.schema, table.name)}`, named, target, trustOwners);
}

interface Found {
  /** The table or view that it was found at, or null for what runs with every change of a table. */
  readonly at: readonly [schema: string, name: string] | null;
  /** What it is in words of the server, unless it is the table or view itself. */
  readonly part: string | null;
  /** The owner; null for PUBLIC. */
  readonly role: string | null;
  readonly mayAdd: boolean;
  readonly isPowerful: boolean;
}

async function refuseCodeAt(
  tx: Transaction,
  relations: Sql,
  named: Sql,
  target: ColumnName,
  trustOwners: readonly string[],
): Promise<void> {
  const found = await readDocument<Found | null>(tx, foreignCode(relations, named, trustOwners));
  if (found === null) return;
  const { at, part, role, mayAdd } = found;
  const title = at === null ? "a table" : shownName(...at);
  const whose = role === null ? "any role" : `role ${shownName(role)}`;
  const as = found.isPowerful ? "a superuser" : "the connected role";
  const problem = `changing ${title} may run code of ${whose} as ${as}${part === null ? "" : `: ${part}`}`;
  const pass = "Pass the role in trustOwners if its code may do what the connected role may.";
  const revoke = `Revoke TRIGGER on ${title} from ${role === null ? "PUBLIC" : shownName(role)}.`;
  const hint = !mayAdd ? pass : role === null ? revoke : `${revoke} ${pass}`;
  throw new NextvalError("PLAN_REFUSED", `${columnOf(target)}: ${problem}`, { hint });
}

/**
 * Builds a query for the first object that is not of a trusted role. The relations themselves come first.
 *
 * @param relations - a query of OIDs
 * @param named - the OID of the table that the caller has named
 */
function foreignCode(relations: Sql, named: Sql, trustOwners: readonly string[]): Sql {
  const starts = sql`
    select oid as root, ${catalog("pg_class")}::oid as classid, oid as objid from (${relations}) relation (oid)
    union all
    -- They run with every change of a table.
    select null, ${catalog("pg_event_trigger")}, oid from pg_event_trigger where evtenabled <> 'D'`;
  return sql`
    with recursive ${attachedCode(starts)}, found (root, classid, objid, role, "mayAdd") as (
      select *, false from attached
      union all
      select c.oid, ${catalog("pg_class")}, c.oid, p.grantee, true
      from (${starts}) start join pg_class c on c.oid = start.root and c.relkind in ('r', 'p')
      cross join lateral aclexplode(c.relacl) p
      where p.privilege_type = 'TRIGGER' and ${isPowerful}
    ), writers (role, owner, isForeign) as materialized (
      select role, owner, ${isOther(sql`owner`, trustOwners)} and (${isPowerful} or owner not in (
        select o.oid from pg_roles o where o.rolname = current_user
        union all
        select c.relowner from pg_class c where c.oid = ${named}
        union all
        select d.datdba from pg_database d where d.datname = current_database()
      ))
      from (select role, ${roleBehind(sql`role`)} as owner from found group by role) each
    )
    select coalesce((
      select json_build_object(
        'at', case when c.oid is not null then json_build_array(n.nspname, c.relname) end, 'role', r.rolname,
        'isPowerful', ${isPowerful},
        'part', case when found.objid <> c.oid is not false
          then pg_describe_object(found.classid, found.objid, 0) end,
        'mayAdd', "mayAdd"
      )
      from found
      join writers on writers.role = found.role and writers.isForeign
      left join pg_roles r on r.oid = writers.owner
      left join pg_class c on c.oid = found.root
      left join pg_namespace n on n.oid = c.relnamespace
      order by found.objid is distinct from c.oid, c.oid is distinct from ${named}, n.nspname, c.relname, "mayAdd",
        found.classid = ${catalog("pg_namespace")}, found.classid, found.objid
      limit 1
    ), 'null')::text`;
}
