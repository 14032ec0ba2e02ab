import { NextvalError, type Transaction } from "../../index.js";
import type { ColumnName } from "../../server/name-shapes.js";
import { columnOf, shownName } from "../../server/names.js";
import type { Column, Dependents, ForeignKey, Relation } from "./facts.js";
import { oldColumn } from "./names.js";
import { type Place, readDependents } from "./read-dependents.js";
import { findTable, readForeignKeys, readRelations } from "./read-tables.js";

/** A table with columns to widen. */
export interface WideTable {
  readonly root: Relation;
  /** The table and its partitions, from the top. */
  readonly relations: readonly Relation[];
  readonly columns: readonly Column[];
}

/** Everything that has to change together. */
export interface Model {
  readonly serverVersion: number;
  readonly hasDefaultPrivileges: boolean;
  /** The table that was asked for comes first. */
  readonly tables: readonly WideTable[];
  /** The foreign keys from and to the columns. */
  readonly foreignKeys: readonly ForeignKey[];
  /** All tables of the foreign keys, also those whose columns stay. */
  readonly relations: ReadonlyMap<string, Relation>;
  readonly dependents: Dependents;
  /** Whether the new columns have taken the place of the old ones. */
  readonly isSwapped: boolean;
}

/** `up` puts the new columns in the place of the old ones; `down` undoes it. */
export type Direction = "up" | "down";

const NARROW = new Set(["integer", "smallint"]);

/** Reads a column, and the columns of foreign keys that have to be widened with it. */
export async function readModel(tx: Transaction, target: ColumnName): Promise<Model> {
  // Constants in the definitions then mean the same in every session, as in those of pg_dump.
  await tx`select pg_catalog.set_config('DateStyle', 'ISO', true),
    pg_catalog.set_config('IntervalStyle', 'postgres', true), pg_catalog.set_config('extra_float_digits', '3', true)`;
  const { version, table, hasDefaultPrivileges } = await findTable(tx, target.schema, target.table);
  if (table === null) refuseColumn(target, "there is no such table");
  const known = new Map<string, Relation>();
  const foreignKeys = new Map<string, ForeignKey>();
  const wanted = new Map<string, Set<string>>([[table, new Set([target.column])]]);
  let open = [table];
  while (open.length > 0) {
    for (const each of await readRelations(tx, open)) known.set(each.oid, each);
    const read = [...known.values()].filter(({ root }) => open.includes(root)).map(({ oid }) => oid);
    for (const each of await readForeignKeys(tx, read)) foreignKeys.set(each.oid, each);
    const others = [...foreignKeys.values()].flatMap(({ fromRoot, toRoot }) => [fromRoot, toRoot]);
    const unknown = [...new Set(others)].filter((oid) => !known.has(oid));
    if (unknown.length > 0) for (const each of await readRelations(tx, unknown)) known.set(each.oid, each);
    open = follow(wanted, foreignKeys, known);
  }
  const found = [...wanted].map(([oid, names]) => tableOf(known, oid, names));
  const [first] = found as [WideTable];
  if (first.columns.length === 0) refuseColumn(target, "there is no such column");
  // A foreign key that was added after the swap has no old column.
  const tables = isSwapped(first.root, target.column) ? found.flatMap(onlySwapped) : found;
  const places = tables.flatMap(({ relations, columns }) =>
    relations.flatMap((relation) => placesIn(relation, new Set(columns.map(({ name }) => name)))),
  );
  const keys = [...foreignKeys.values()].filter((key) => touches(key, places));
  return {
    serverVersion: version,
    hasDefaultPrivileges,
    tables,
    foreignKeys: keys,
    relations: known,
    dependents: await readDependents(tx, places),
    isSwapped: isSwapped(first.root, target.column),
  };
}

export function refuseColumn(target: ColumnName, problem: string, hint?: string): never {
  throw new NextvalError("PLAN_REFUSED", `${columnOf(target)}: ${problem}`, { hint });
}

/** Whether a column was widened, and the old one is still there. Two long names may share the name of that one. */
export function isSwapped({ columns }: Relation, name: string): boolean {
  const isWide = columns.some((each) => each.name === name && each.type === "bigint");
  return isWide && columns.some((each) => each.name === oldColumn(name) && NARROW.has(each.type));
}

/** Adds the columns of foreign keys to wanted ones. Returns the tables that are new. */
function follow(
  wanted: Map<string, Set<string>>,
  foreignKeys: ReadonlyMap<string, ForeignKey>,
  known: ReadonlyMap<string, Relation>,
): string[] {
  const added: string[] = [];
  for (let before = -1; before !== sizeOf(wanted);) {
    before = sizeOf(wanted);
    for (const { fromRoot, fromNumbers, from, to, toRoot, toNumbers } of foreignKeys.values()) {
      const [target, source] = [known.get(to) ?? known.get(toRoot), known.get(from) ?? known.get(fromRoot)];
      const names = wanted.get(toRoot);
      if (names === undefined || target === undefined || source === undefined) continue;
      toNumbers.forEach((number, place) => {
        const column = target.columns.find((each) => each.number === number);
        const own = source.columns.find((each) => each.number === fromNumbers[place]);
        if (column === undefined || own === undefined || !names.has(column.name)) return;
        if (!NARROW.has(own.type) && !isSwapped(source, own.name)) return;
        const more = wanted.get(fromRoot);
        if (more === undefined) added.push(fromRoot);
        wanted.set(fromRoot, new Set([...(more ?? []), own.name]));
      });
    }
  }
  return added;
}

function sizeOf(wanted: ReadonlyMap<string, ReadonlySet<string>>): number {
  return [...wanted.values()].reduce((sum, { size }) => sum + size, 0);
}

function onlySwapped(table: WideTable): WideTable[] {
  const columns = table.columns.filter(({ name }) => isSwapped(table.root, name));
  return columns.length === 0 ? [] : [{ ...table, columns }];
}

function tableOf(known: ReadonlyMap<string, Relation>, oid: string, names: ReadonlySet<string>): WideTable {
  const root = known.get(oid) as Relation;
  return {
    root,
    relations: [...known.values()].filter((each) => each.root === oid),
    columns: root.columns.filter(({ name }) => names.has(name)),
  };
}

export function placesIn({ oid, columns }: Relation, names: ReadonlySet<string>): Place[] {
  return columns.filter(({ name }) => names.has(name)).map(({ number }) => ({ relation: oid, number }));
}

function touches({ from, fromNumbers, to, toNumbers }: ForeignKey, places: readonly Place[]): boolean {
  return places.some(
    ({ relation, number }) =>
      (relation === from && fromNumbers.includes(number)) || (relation === to && toNumbers.includes(number)),
  );
}

/** The name of a table in messages. */
export function titleOfTable({ schema, name }: Relation): string {
  return shownName(schema, name);
}
