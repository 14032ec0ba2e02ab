import { sql } from "../../index.js";

/**
 * CTEs that find roles with INSERT on a table but without USAGE on the sequence of its default. Their inserts fail.
 * They need the CTEs `trees` and `drawn`; the result is `lacking`.
 *
 * An insert into a partition uses the default of that partition, and needs the privileges of that partition only. An
 * insert into an automatically updatable view uses the default of the table below. It draws as the role that inserts,
 * not as the owner of the view. Source: "Rules and Privileges"; observed.
 */
export const rolesWithoutUsage = sql`
    doors as (
      select t.sequence, t.relation as root, t.number, t.part as relation, 0 as depth
      from trees t
      join drawn d on d.sequence = t.sequence and d.relation = t.part and d.attname = t.attname and d.way = 'default'
      union
      select doors.sequence, doors.root, doors.number, v.view, doors.depth + 1
      from doors
      join views v on v.base = doors.relation
      -- The function reads all views below and waits for their locks, so it is only called for a view
      -- reached from below.
      where doors.depth < 10 and has_any_column_privilege(v.owner, v.base, 'insert')
        and case when v.base = doors.relation then pg_catalog.pg_relation_is_updatable(v.view, false) & 8 = 8 end
    ), views as materialized (
      -- Views of one table only, because otherwise it is unknown which table a view inserts into.
      select c.oid as view, c.relowner as owner, min(d.refobjid) as base
      from pg_catalog.pg_class c
      join pg_catalog.pg_rewrite r on r.ev_class = c.oid and r.ev_type = '1'
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
        and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> c.oid
      where c.relkind = 'v'
        -- The view's own default comes first, and the effect of a rule or trigger is unknown.
        and not exists (select from pg_catalog.pg_attrdef a where a.adrelid = c.oid)
        and not exists (select from pg_catalog.pg_rewrite insert where insert.ev_class = c.oid and insert.ev_type = '3')
        and not exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and t.tgtype & 68 = 68)
        -- With security_invoker the inserting role also needs the privileges of the table.
        and not exists (
          select from pg_catalog.pg_options_to_table(c.reloptions) o
          where o.option_name = 'security_invoker' and o.option_value::boolean
        )
        -- For a locked view the server would wait before it says whether the view is updatable.
        and c.oid not in (
          select l.relation from pg_catalog.pg_locks l
          join pg_catalog.pg_database here on here.oid = l.database and here.datname = current_database()
          where l.mode = 'AccessExclusiveLock' and l.relation is not null
        )
      group by c.oid, c.relowner
      having count(distinct d.refobjid) = 1
    ), inserters as (
      select distinct on (sequence, root, number, grantee) sequence, root, number, relation, grantee
      from (
        select doors.*, acl.grantee
        from doors
        join pg_catalog.pg_class t on t.oid = doors.relation
        cross join lateral pg_catalog.aclexplode(coalesce(t.relacl, pg_catalog.acldefault('r', t.relowner))) acl
        where acl.privilege_type = 'INSERT'
        union all
        select doors.*, acl.grantee
        from doors
        join pg_catalog.pg_attribute att on att.attrelid = doors.relation and att.attacl is not null
        cross join lateral pg_catalog.aclexplode(att.attacl) acl
        where acl.privilege_type = 'INSERT'
      ) granted
      order by sequence, root, number, grantee, relation <> root, relation
    ), members as (
      select oid from pg_catalog.pg_roles where rolcanlogin and not rolsuper
    ), lacking as (
      select i.sequence, i.root, i.number, json_agg(
        json_build_object('role', coalesce(r.rolname, 'public'), 'schema', n.nspname, 'table', c.relname)
        order by r.rolname
      ) as roles
      from inserters i
      join pg_catalog.pg_class c on c.oid = i.relation
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      left join pg_catalog.pg_roles r on r.oid = i.grantee
      where not has_sequence_privilege(i.grantee, i.sequence, 'usage, update') and (
        r.rolcanlogin
        or not exists (select from members m where i.grantee = 0 or pg_has_role(m.oid, i.grantee, 'usage'))
        or exists (
          select from members m
          where (i.grantee = 0 or pg_has_role(m.oid, i.grantee, 'usage'))
            and not has_sequence_privilege(m.oid, i.sequence, 'usage, update')
        )
      )
      group by i.sequence, i.root, i.number
    )`;
