import type { Column, Index, Relation, View } from "./facts.js";
import { createIndex } from "./index-definition.js";
import { checkOf, newColumn, newIndex, oldColumn, quoted, quotedText, workName } from "./names.js";
import {
  addStepCheck,
  alter,
  commentOn,
  createFunction,
  grantAgain,
  grants,
  guard,
  inCatalogPath,
  nameOfTable,
} from "./statements.js";
import { drawFrom, stopDrawing } from "./swap-sequences.js";
import { type Direction, type Model, titleOfTable, type WideTable } from "./tables.js";

/**
 * Writes the statements of the swap, which all run in one transaction. So no session sees a key that is wider than a
 * column that points at it.
 */
export function swapStatements(model: Model, direction: Direction): string[] {
  const { tables, foreignKeys, relations, dependents } = model;
  const { views, triggers, statistics, policies } = dependents;
  const checks = carriedChecks(model);
  const tops = dependents.indexes.filter(({ parent }) => parent === null);
  const relationOf = (oid: string) => relations.get(oid) as Relation;
  // After the way up, they are validated in phases of their own. On the way down they were valid before.
  const validity = (isValid: boolean) => (direction === "up" && isValid ? " not valid" : "");
  const swapped = inCatalogPath([
    ...tables.map((table) => guardOf(table, direction)),
    ...[...views].reverse().map(({ schema, name }) => `drop view ${quoted(schema, name)}`),
    ...triggers.map(({ name, relation }) => `drop trigger ${quoted(name)} on ${nameOfTable(relationOf(relation))}`),
    ...statistics.map(({ schema, name }) => `drop statistics ${quoted(schema, name)}`),
    ...foreignKeys.map(({ name, from }) => alter(relationOf(from), `drop constraint ${quoted(name)}`)),
    ...checks.map(({ name, relation }) => alter(relationOf(relation), `drop constraint ${quoted(name)}`)),
    ...(direction === "up" ? tables.flatMap(becomeNotNull) : []),
    ...tops.map((index) =>
      direction === "down" && isKept(index, relationOf(index.relation))
        ? `alter index ${quoted(index.schema, index.name)} rename to ${quoted(newIndex(index.name))}`
        : dropIndex(index, relationOf(index.relation)),
    ),
    ...tables.flatMap(({ root, columns }) =>
      columns.flatMap(({ name }) =>
        direction === "up"
          ? [rename(root, name, oldColumn(name)), rename(root, newColumn(name), name)]
          : [rename(root, name, newColumn(name)), rename(root, oldColumn(name), name)],
      ),
    ),
    ...tables.flatMap((table) => stopDrawing(table, direction)),
    ...tables.flatMap((table) => columnsAgain(table, direction)),
    ...tables.flatMap((table) => drawFrom(table, model, direction)),
    ...tables.flatMap((table) => mayBeNull(table, direction)),
    ...tables.map((table) => createFunction(table, direction === "up" ? "backwards" : "forwards", "create or replace")),
    ...indexesAgain(model, direction),
    ...(direction === "down" ? tables.flatMap((table) => proveAgain(table, model)) : []),
    ...checks.flatMap(({ name, relation, definition, isValid, comment }) => [
      alter(relationOf(relation), `add constraint ${quoted(name)} ${definition}${validity(isValid)}`),
      ...commentOn(`constraint ${quoted(name)} on ${nameOfTable(relationOf(relation))}`, comment),
    ]),
    ...foreignKeys.flatMap(({ name, from, definition, isValid, comment }) => [
      alter(relationOf(from), `add constraint ${quoted(name)} ${definition}${validity(isValid)}`),
      ...commentOn(`constraint ${quoted(name)} on ${nameOfTable(relationOf(from))}`, comment),
    ]),
    ...statistics.flatMap(({ schema, name, definition, target, owner, comment }) => [
      definition,
      ...(target === null ? [] : [`alter statistics ${quoted(schema, name)} set statistics ${target}`]),
      `alter statistics ${quoted(schema, name)} owner to ${quoted(owner)}`,
      ...commentOn(`statistics ${quoted(schema, name)}`, comment),
    ]),
    ...triggers.flatMap(({ relation, name, definition, enabled, comment }) => [
      definition,
      ...(enabled === "O" ? [] : [alter(relationOf(relation), `${STATES[enabled]} trigger ${quoted(name)}`)]),
      ...commentOn(`trigger ${quoted(name)} on ${nameOfTable(relationOf(relation))}`, comment),
    ]),
    ...policies.map(({ relation, name, using, check }) =>
      [
        `alter policy ${quoted(name)} on ${nameOfTable(relationOf(relation))}`,
        using === null ? "" : ` using (${using})`,
        check === null ? "" : ` with check (${check})`,
      ].join(""),
    ),
    ...views.flatMap((view) => createView(view, model.hasDefaultPrivileges)),
    ...(direction === "up" ? tables.map(guardAfter) : []),
  ]);
  return [lock(model), ...swapped];
}

const STATES: Readonly<Record<string, string>> = { D: "disable", R: "enable replica", A: "enable always" };

/** The checks that are made again, without the one that is of the phases. */
export function carriedChecks({ dependents, tables }: Model) {
  const own = new Set(tables.map(({ root }) => checkOf(root.name)));
  return dependents.checks.filter(({ name }) => !own.has(name));
}

/** Locks all tables first, because a lock that is taken later would be waited for while the others are held. */
function lock({ tables, foreignKeys, relations }: Model): string {
  const all = [
    ...tables.map(({ root }) => root.oid),
    ...foreignKeys.flatMap(({ fromRoot, toRoot }) => [toRoot, fromRoot]),
  ];
  const names = [...new Set(all)].map((oid) => nameOfTable(relations.get(oid) as Relation));
  return `lock table ${names.join(", ")} in access exclusive mode`;
}

function guardOf({ root, columns }: WideTable, direction: Direction): string {
  const title = titleOfTable(root);
  if (direction === "up") {
    const name = quotedText(nameOfTable(root));
    const isOpen = `not exists (select from pg_constraint c where c.conrelid = ${name}::regclass
    and c.conname = ${quotedText(checkOf(root.name))} and c.convalidated)`;
    return guard(isOpen, `${title}: the earlier phases of the widening have not run`);
  }
  const differ = columns.map(({ name }) => `${quoted(name)} is distinct from ${quoted(oldColumn(name))}`);
  const isLost = `exists (select from ${nameOfTable(root)} where ${differ.join(" or ")})`;
  return guard(isLost, `${title}: it has values that the old columns cannot hold`);
}

/** Fails if something still depends on an old column, because it was made after the statements were written. */
function guardAfter({ root, columns }: WideTable): string {
  const name = quotedText(nameOfTable(root));
  const old = columns.map((column) => quotedText(oldColumn(column.name))).join(", ");
  const isLeft = `exists (select from pg_depend d
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where d.refclassid = 'pg_class'::regclass and a.attname in (${old})
      and d.refobjid in (
        select ${name}::regclass union all select t.relid from pg_partition_tree(${name}::regclass) t
      ))`;
  return guard(isLeft, `${titleOfTable(root)}: something depends on an old column, and was made after the plan`);
}

function becomeNotNull({ root, columns }: WideTable): string[] {
  return [
    ...columns.filter(({ isNotNull }) => isNotNull).map((column) => setNotNull(root, column, newColumn(column.name))),
    alter(root, `drop constraint ${quoted(checkOf(root.name))}`),
  ];
}

/** Whether the way down can keep an index for the next way up. One of a constraint or of a partition is dropped. */
function isKept({ constraint, parent }: Index, { kind }: Relation): boolean {
  return constraint === null && parent === null && kind !== "p";
}

/** Makes again what the way up has used: the check, and the indexes that went with their constraints. */
function proveAgain(table: WideTable, { dependents, relations }: Model): string[] {
  const columns = newColumns(table);
  return [
    addStepCheck(table),
    alter(table.root, `validate constraint ${quoted(checkOf(table.root.name))}`),
    ...dependents.indexes.flatMap((index) => {
      const relation = relations.get(index.relation) as Relation;
      if (relation.root !== table.root.oid || relation.kind === "p" || isKept(index, relation)) return [];
      return [createIndex(index, relation, { name: newIndex(index.name), columns })];
    }),
  ];
}

/** The new names of the columns, by their names. */
export function newColumns({ columns }: WideTable): ReadonlyMap<string, string> {
  return new Map(columns.map(({ name }) => [name, newColumn(name)]));
}

function dropIndex({ schema, name, constraint }: Index, relation: Relation): string {
  return constraint === null
    ? `drop index ${quoted(schema, name)}`
    : alter(relation, `drop constraint ${quoted(constraint.name)}`);
}

function rename(root: Relation, from: string, to: string): string {
  return alter(root, `rename column ${quoted(from)} to ${quoted(to)}`);
}

/** Carries over what belongs to the column itself. The old column keeps its own for the way down. */
function columnsAgain({ root, relations, columns }: WideTable, direction: Direction): string[] {
  return columns.flatMap((column) => {
    const name = quoted(column.name);
    if (direction === "down") return column.isNotNull ? [setNotNull(root, column, column.name)] : [];
    return relations.flatMap((relation) => {
      const own = relation.columns.find((each) => each.name === column.name) ?? column;
      const set = (what: string) => alter(relation, `alter column ${name} ${what}`, { only: true });
      return [
        ...(own.statisticsTarget === null ? [] : [set(`set statistics ${own.statisticsTarget}`)]),
        ...(own.options === null ? [] : [set(`set (${own.options.join(", ")})`)]),
        ...commentOn(`column ${nameOfTable(relation)}.${name}`, own.comment),
        ...grants(`table ${nameOfTable(relation)}`, own.privileges, column.name),
      ];
    });
  });
}

/**
 * Rows that are inserted from now on need no value in the replaced column. An identity is gone from it by then, and the
 * name of its NOT NULL constraint is free.
 */
function mayBeNull({ root, columns }: WideTable, direction: Direction): string[] {
  return columns
    .filter(({ isNotNull }) => isNotNull)
    .flatMap(({ name, notNullName }) => {
      const other = quoted(direction === "up" ? oldColumn(name) : newColumn(name));
      return [
        alter(root, `alter column ${other} drop not null`),
        ...(notNullName !== null
          ? [alter(root, `rename constraint ${quoted(workName(name, NOT_NULL))} to ${quoted(notNullName)}`)]
          : []),
      ];
    });
}

/** The end of the name of a NOT NULL constraint until the old one is gone. */
const NOT_NULL = "_nextval_not_null";

/** Sets NOT NULL, as a constraint with a name if the server has them. */
function setNotNull(root: Relation, { name, notNullName }: Column, column: string): string {
  if (notNullName === null) return alter(root, `alter column ${quoted(column)} set not null`);
  return alter(root, `add constraint ${quoted(workName(name, NOT_NULL))} not null ${quoted(column)}`);
}

/**
 * Makes the indexes again, those of partitions first. The index of a partitioned table then takes those of its
 * partitions as its parts, and builds none.
 */
function indexesAgain({ dependents, relations }: Model, direction: Direction): string[] {
  const relationOf = ({ relation }: Index) => relations.get(relation) as Relation;
  return [...dependents.indexes]
    .sort((one, other) => relationOf(other).level - relationOf(one).level)
    .flatMap((index) => {
      const relation = relationOf(index);
      const { schema, name, constraint } = index;
      return [
        ...(direction === "up" && relation.kind !== "p" ? useIndex(index, relation) : buildIndex(index, relation)),
        ...(index.isClustered ? [alter(relation, `cluster on ${quoted(name)}`)] : []),
        ...(index.isReplicaIdentity ? [alter(relation, `replica identity using index ${quoted(name)}`)] : []),
        ...commentOn(`index ${quoted(schema, name)}`, index.comment),
        ...(constraint === null
          ? []
          : commentOn(`constraint ${quoted(constraint.name)} on ${nameOfTable(relation)}`, constraint.comment)),
      ];
    });
}

/** Uses the index that was built before. A constraint gives it its name. */
function useIndex({ schema, name, constraint }: Index, relation: Relation): string[] {
  if (constraint === null) return [`alter index ${quoted(schema, newIndex(name))} rename to ${quoted(name)}`];
  const kind = constraint.type === "p" ? "primary key" : "unique";
  const when = /( DEFERRABLE(?: INITIALLY DEFERRED)?)$/.exec(constraint.definition)?.[1] ?? "";
  const add = `add constraint ${quoted(constraint.name)} ${kind} using index ${quoted(newIndex(name))}${when}`;
  return [alter(relation, add)];
}

function buildIndex(index: Index, relation: Relation): string[] {
  const { name, constraint } = index;
  if (constraint === null) return [createIndex(index, relation, { name })];
  return [alter(relation, `add constraint ${quoted(constraint.name)} ${constraint.definition}`)];
}

function createView(given: View, hasDefaultPrivileges: boolean): string[] {
  const { schema, name, owner, columns, options, definition, comment } = given;
  const view = quoted(schema, name);
  const names = columns.map((column) => quoted(column.name)).join(", ");
  const settings = options === null ? "" : ` with (${options.join(", ")})`;
  return [
    `create view ${view} (${names})${settings} as ${definition.trim().replace(/;$/, "")}`,
    `alter view ${view} owner to ${quoted(owner)}`,
    ...grantAgain("table", view, given, hasDefaultPrivileges),
    ...commentOn(`view ${view}`, comment),
    ...columns.flatMap((column) => commentOn(`column ${view}.${quoted(column.name)}`, column.comment)),
  ];
}
