import type postgres from "postgres";

/** A dozen types, over all pairs of which each function and operator is overloaded. */
const TYPES = "text name oid regclass int4 int8 numeric bool varchar json _name _int8".split(" ");

/** What some syntax calls although it names no operator: IN, NULLIF, BETWEEN, IS DISTINCT FROM, simple CASE, LIKE. */
const OPERATORS_OF_SYNTAX = ["=", "<>", "<", ">", "<=", ">=", "~~", "!~~"];

export interface Names {
  readonly functions: readonly string[];
  readonly operators: readonly string[];
  readonly relations: readonly string[];
}

/** The functions, operators and relations of the server that statements name, or may call. */
export async function namesIn(statements: readonly string[], client: postgres.Sql): Promise<Names> {
  const text = statements.join("\n");
  const words = [...new Set(text.match(/[a-z_][a-z0-9_]*/g))];
  const symbols = [...new Set(text.match(/[-+*/<>=~!@#%^&|`?]+/g)), ...OPERATORS_OF_SYNTAX];
  const [row] = await client`
    select array(select distinct proname::text from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace and proname::text = any(${words}) order by 1) as functions,
      array(select distinct oprname::text from pg_operator where oprname::text = any(${symbols})
        order by 1) as operators,
      array(select relname::text from pg_class
        where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v') and relname::text = any(${words})
          order by 1) as relations`;
  return row as unknown as Names;
}

/**
 * Fills the schema public with what an attacker with CREATE there would put into it: overloads of functions and
 * operators, over pairs of types and with the server's own signatures; types and views with names of the server's. Each
 * raises a notice and an error when it is called. The rows are copied within the catalog, because a statement for each
 * takes far longer.
 */
export async function makeHostile(client: postgres.Sql, { functions, operators, relations }: Names): Promise<void> {
  await client.begin(async (tx) => {
    await tx.unsafe(`
      set local search_path = pg_catalog, pg_temp;
      create function public.hostile() returns int language plpgsql as $$ begin
        raise notice 'HOSTILE code'; raise exception 'HOSTILE code'; end $$;
      create temp table signature on commit drop as
        select 100000 + row_number() over () as oid, name, args, result
        from (select distinct on (name, args) name, args, result from (
          select name, array[l.oid, r.oid] as args, r.oid as result
          from unnest(${quoted(functions)}) name, unnest(${quoted(TYPES)}) a, unnest(${quoted(TYPES)}) b, pg_type l,
            pg_type r
          where l.typname = a and r.typname = b and l.typnamespace = 'pg_catalog'::regnamespace
            and r.typnamespace = l.typnamespace
          union
          select name, array[l.oid], l.oid from unnest(${quoted(functions)}) name, pg_type l
          where l.typname = any(${quoted(TYPES)}::name[]) and l.typnamespace = 'pg_catalog'::regnamespace
          union
          select p.proname::text, array(select unnest(p.proargtypes)), case when p.prorettype = 2281 then 25
            else p.prorettype end
          from pg_proc p
          where p.pronamespace = 'pg_catalog'::regnamespace and p.proname::text = any(${quoted(functions)})
            and not exists (select from unnest(p.proargtypes::oid[]) t join pg_type y on y.oid = t
              where y.typtype = 'p')
        ) each) one`);
    await copy(tx, "pg_proc", {
      oid: "s.oid",
      proname: "s.name::name",
      pronargs: "cardinality(s.args)",
      proargtypes: "array_to_string(s.args, ' ')::oidvector",
      prorettype: "s.result",
      proretset: "false",
      prosrc: `format($f$begin raise notice '%%', %1$L; raise exception '%%', %1$L; end$f$,
        'HOSTILE function ' || s.name || '(' || array_to_string(s.args::regtype[], ', ') || ')')`,
    });
    await tx.unsafe(`
      drop table signature;
      create temp table signature on commit drop as
      select 300000 + row_number() over () as oid, name, l.oid as lhs, r.oid as rhs, case
          when name ~ '[=<>~@&]' then 16 else r.oid end as result
      from unnest(${quoted(operators)}) name, unnest(${quoted(TYPES)}) a, unnest(${quoted(TYPES)}) b, pg_type l,
        pg_type r
      where l.typname = a and r.typname = b and l.typnamespace = 'pg_catalog'::regnamespace
        and r.typnamespace = l.typnamespace`);
    await copy(tx, "pg_proc", {
      oid: "s.oid",
      proname: "('o' || s.oid)::name",
      pronargs: "2",
      proargtypes: "(s.lhs || ' ' || s.rhs)::oidvector",
      prorettype: "s.result",
      prosrc: `format($f$begin raise notice '%%', %1$L; raise exception '%%', %1$L; end$f$,
        'HOSTILE operator ' || s.lhs::regtype || ' ' || s.name || ' ' || s.rhs::regtype)`,
    });
    await tx.unsafe(`
      insert into pg_operator (oid, oprname, oprnamespace, oprowner, oprkind, oprcanmerge, oprcanhash, oprleft,
        oprright,
        oprresult, oprcom, oprnegate, oprcode, oprrest, oprjoin)
      select s.oid, s.name::name, 'public'::regnamespace, 10, 'b', false, false, s.lhs, s.rhs,
        s.result, 0, 0, s.oid::oid::regproc, 0, 0
      from signature s`);
    for (const type of ["text", "name", "oid", "regclass", "json", "int4", "int8", "bool"]) {
      await tx.unsafe(`create domain public."${type}" as pg_catalog."${type}" check (public.hostile() > 0)`);
    }
    for (const relation of relations)
      await tx.unsafe(`create view public."${relation}" as select public.hostile() as oid`);
  });
}

/** Rows of a catalog that are those of `public.hostile`, but for some columns, one for each row of `signature`. */
async function copy(
  tx: postgres.TransactionSql,
  catalog: string,
  columns: Readonly<Record<string, string>>,
): Promise<void> {
  const rows = await tx`
    select attname from pg_catalog.pg_attribute
    where attrelid = ${`pg_catalog.${catalog}`}::regclass and attnum > 0 and not attisdropped order by attnum`;
  const names = rows.map(({ attname }) => attname as string);
  const values = names.map((name) => columns[name] ?? `h.${name}`);
  await tx.unsafe(`
    insert into ${catalog} (${names.join(", ")}) select ${values.join(", ")}
    from signature s, ${catalog} h where h.oid = 'public.hostile'::regproc`);
}

function quoted(texts: readonly string[]): string {
  return `array[${texts.map((text) => `'${text.replaceAll("'", "''")}'`).join(", ")}]::text[]`;
}
