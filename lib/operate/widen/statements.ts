import type { Column, Privilege, Relation } from "./facts.js";
import { body, checkOf, functionOf, newColumn, oldColumn, quoted, quotedText, roleOf } from "./names.js";
import { TRIGGER } from "./read-tables.js";
import type { WideTable } from "./tables.js";

/*
 * Statements that several phases share. Inside `inCatalogPath`, unqualified names are those of `pg_catalog`.
 */

/** The quoted name of a table. */
export function nameOfTable({ schema, name }: Relation): string {
  return quoted(schema, name);
}

/** Begins an ALTER TABLE. */
export function alter(table: Relation, action: string, { only = false } = {}): string {
  return `alter table ${only ? "only " : ""}${nameOfTable(table)} ${action}`;
}

/** Makes unqualified names those of `pg_catalog` until the last of the statements has run. */
export function inCatalogPath(statements: readonly string[]): string[] {
  const setting = quotedText("nextval.search_path");
  const path = quotedText("search_path");
  return [
    `select pg_catalog.set_config(${setting}, pg_catalog.current_setting(${path}), true), ` +
      `pg_catalog.set_config(${path}, 'pg_catalog, pg_temp', true)`,
    ...statements,
    `select pg_catalog.set_config(${path}, pg_catalog.current_setting(${setting}), true)`,
  ];
}

/** Writes a DO statement that fails with a sentence if a condition holds. */
export function guard(condition: string, problem: string): string {
  return `do ${body(`begin
  if ${condition} then
    raise exception using message = ${quotedText(problem)}, errcode = 'object_not_in_prerequisite_state';
  end if;
end`)}`;
}

/**
 * Writes the function that fills the new columns; after the swap, the old ones, as long as their type has room.
 *
 * The first phase does not replace a function: one that another role has made would go on belonging to it.
 */
export function createFunction(
  { root, columns }: WideTable,
  direction: "forwards" | "backwards",
  create: "create" | "create or replace",
): string {
  const lines = columns.map((column) =>
    direction === "forwards"
      ? `  new.${quoted(newColumn(column.name))} := new.${quoted(column.name)};`
      : `  new.${quoted(oldColumn(column.name))} := case when ${isWithin(column)} then new.${quoted(column.name)} end;`,
  );
  return (
    `${create} function ${quoted(root.schema, functionOf(root.name))}() returns trigger language plpgsql ` +
    `as ${body(["begin", ...lines, "  return new;", "end"].join("\n"))}`
  );
}

function isWithin({ name, type }: Column): string {
  const [min, max] = type === "smallint" ? ["-32768", "32767"] : ["-2147483648", "2147483647"];
  const value = `new.${quoted(name)}`;
  return `${value} operator(pg_catalog.>=) (${min}) and ${value} operator(pg_catalog.<=) ${max}`;
}

/** Creates the trigger. It also fires for rows that replication applies. */
export function createTrigger({ root }: WideTable): string[] {
  const call = `${quoted(root.schema, functionOf(root.name))}()`;
  return [
    `create trigger ${quoted(TRIGGER)} before insert or update on ${nameOfTable(root)} ` +
      `for each row execute function ${call}`,
    alter(root, `enable always trigger ${quoted(TRIGGER)}`),
  ];
}

/**
 * Adds the check that both columns are in step, without reading the rows. After it was validated, it proves that the
 * backfill has missed no row, and the server sets NOT NULL without reading them again.
 */
export function addStepCheck({ root, columns }: WideTable): string {
  const conditions = columns.map(({ name, isNotNull }) => {
    const [now, next] = [quoted(name), quoted(newColumn(name))];
    return isNotNull ? `${next} is not null and ${next} = ${now}` : `${next} is not distinct from ${now}`;
  });
  const check = `check (${conditions.join(" and ")}) not valid`;
  return alter(root, `add constraint ${quoted(checkOf(root.name))} ${check}`);
}

/** Writes GRANT statements. */
export function grants(on: string, privileges: readonly Privilege[], column?: string): string[] {
  const columns = column === undefined ? "" : ` (${quoted(column)})`;
  return privileges.map(
    ({ grantee, privilege, isGrantable }) =>
      `grant ${privilege.toLowerCase()}${columns} on ${on} to ${roleOf(grantee)}` +
      `${isGrantable ? " with grant option" : ""}`,
  );
}

/**
 * Gives a new view or sequence exactly the privileges of the one that it replaces.
 *
 * @param given - its owner and privileges, which are null if they are the default: all for the owner
 * @param others - whether default privileges may have given it more
 */
export function grantAgain(
  kind: "table" | "sequence",
  name: string,
  { owner, privileges }: { readonly owner: string; readonly privileges: readonly Privilege[] | null },
  others: boolean,
): string[] {
  const all = `all on ${kind} ${name}`;
  return [
    ...(others ? [revokeAll(kind, name)] : []),
    ...(privileges === null ? (others ? [`grant ${all} to ${quoted(owner)}`] : []) : []),
    ...(privileges !== null && !others ? [`revoke ${all} from ${quoted(owner)}`] : []),
    ...grants(`${kind} ${name}`, privileges ?? []),
  ];
}

function revokeAll(kind: "table" | "sequence", name: string): string {
  return `do ${body(`declare
  other record;
begin
  for other in
    select distinct r.rolname
    from pg_class c, aclexplode(c.relacl) p left join pg_roles r on r.oid = p.grantee
    where c.oid = ${quotedText(name)}::regclass
  loop
    execute format(${quotedText(`revoke all on ${kind} %s from %s`)}, ${quotedText(name)},
      coalesce(quote_ident(other.rolname), 'public'));
  end loop;
end`)}`;
}

export function commentOn(object: string, comment: string | null): string[] {
  return comment === null ? [] : [`comment on ${object} is ${quotedText(comment)}`];
}
