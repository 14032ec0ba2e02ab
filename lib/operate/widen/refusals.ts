import { NextvalError } from "../../index.js";
import type { ColumnName } from "../../server/name-shapes.js";
import { columnOf, shownName } from "../../server/names.js";
import type { Column } from "./facts.js";
import { checkOf, functionOf, newColumn, newIndex, oldColumn } from "./names.js";
import { isAdded } from "./phases.js";
import { TRIGGER } from "./read-tables.js";
import { isSwapped, type Model, titleOfTable, type WideTable } from "./tables.js";

/** Why a column cannot be widened in phases, and what to do first. */
interface Refusal {
  readonly problem: string;
  readonly hint: string;
}

const DROP_FIRST = "Drop it, and create it again after the widening.";
const RENAME = `Rename it, because triggers fire in the order of their names, and the last one has to be ${TRIGGER}.`;
const REWRITE = "Use alter column ... type bigint, which locks the table while the server rewrites it.";

/** Throws `PLAN_REFUSED` with everything that cannot be carried over. */
export function refuseWhatIsLost(model: Model, target: ColumnName): void {
  const refusals = [
    ...model.tables.flatMap((table) => refusalsOf(table, model, target)),
    ...refusalsOfDependents(model),
  ];
  const [first] = refusals;
  if (first === undefined) return;
  const subject = columnOf(target);
  const problem =
    refusals.length === 1
      ? first.problem
      : `it cannot be widened for ${refusals.length} reasons:\n${refusals.map((each) => each.problem).join("\n")}`;
  const hints = [...new Set(refusals.map(({ hint }) => hint))];
  throw new NextvalError("PLAN_REFUSED", `${subject}: ${problem}`, { hint: hints.join(" ") });
}

function refusalsOf(table: WideTable, model: Model, target: ColumnName): Refusal[] {
  const { root, relations, columns } = table;
  const name = titleOfTable(root);
  const refuse = (isTrue: boolean, problem: string, hint: string) => (isTrue ? [{ problem, hint }] : []);
  return [
    ...refuse(root.isPartition, `${name} is a partition`, "Widen the column of the partitioned table."),
    ...refuse(!["r", "p"].includes(root.kind), `${name} is not a table`, "Widen the column where its rows are."),
    ...refuse(root.persistence === "t", `${name} is a temporary table`, REWRITE),
    ...refuse(root.isTyped, `${name} is a table of a type`, REWRITE),
    ...refuse(root.inherits, `${name} inherits from another table`, REWRITE),
    ...refuse(root.hasChildren, `other tables inherit from ${name}`, REWRITE),
    ...relations.flatMap((each) => [
      ...refuse(each.kind === "f", `${titleOfTable(each)} is a foreign table`, "Detach it first."),
      ...each.laterTriggers.flatMap((trigger) =>
        refuse(true, `trigger ${shownName(trigger)} of ${titleOfTable(each)} fires after that of the phases`, RENAME),
      ),
      ...each.rules.flatMap((rule) =>
        refuse(true, `rule ${shownName(rule)} of ${titleOfTable(each)} would change the backfill`, DROP_FIRST),
      ),
    ]),
    ...columns.flatMap((column) => refusalsOfColumn(table, column, model, target)),
  ];
}

function refusalsOfColumn({ root, relations }: WideTable, column: Column, model: Model, target: ColumnName): Refusal[] {
  const isTarget = root === model.tables[0]?.root && column.name === target.column;
  const title = isTarget ? "it" : shownName(root.schema, root.name, column.name);
  if (!["integer", "smallint"].includes(column.type)) {
    const hint = isSwapped(root, column.name)
      ? "Run the clean-up of its own widening first."
      : column.type === "bigint"
        ? "Nothing has to be done."
        : "Only columns of type integer and smallint are widened.";
    return [{ problem: `${title} is of type ${column.type}`, hint }];
  }
  return [
    ...(column.isGenerated ? [{ problem: `${title} is a generated column`, hint: REWRITE }] : []),
    ...relations.flatMap((relation) =>
      relation.columns
        .filter(({ name }) => name === column.name)
        .flatMap(({ inPartitionKey, isNotNull }) => [
          ...(inPartitionKey
            ? [{ problem: `${title} is in the partition key of ${titleOfTable(relation)}`, hint: REWRITE_PARTITIONS }]
            : []),
          ...(isNotNull && !column.isNotNull
            ? [{ problem: `${title} is NOT NULL only in ${titleOfTable(relation)}`, hint: NOT_NULL_ALL }]
            : []),
        ]),
    ),
  ];
}

const NOT_NULL_ALL = "Set it NOT NULL in the partitioned table.";
const REWRITE_PARTITIONS = "Create a new partitioned table with a bigint key, and attach partitions of copied rows.";

function refusalsOfDependents({ dependents, foreignKeys, relations, tables, serverVersion }: Model): Refusal[] {
  const names = new Map(
    tables.flatMap((table) => table.relations.map((relation) => [relation.oid, { table, relation }])),
  );
  return [
    ...dependents.others.map((other) => ({ problem: `${other} depends on it`, hint: DROP_FIRST })),
    ...dependents.indexes.flatMap((index) => {
      const title = `index ${shownName(index.schema, index.name)}`;
      const found = names.get(index.relation);
      if (found === undefined) return [];
      const widened = new Set(
        found.relation.columns
          .filter(({ name }) => found.table.columns.some((each) => each.name === name))
          .map(({ number }) => number),
      );
      const problem = !index.isValid
        ? `${title} is invalid`
        : index.constraint?.type === "x"
          ? `exclusion constraint ${shownName(index.constraint.name)} of ${titleOfTable(found.relation)} depends on it`
          : index.inExpressions.some((number) => widened.has(number))
            ? `${title} has an expression or a predicate with the column`
            : index.otherClasses.some((number) => widened.has(number))
              ? `${title} has an operator class for its type`
              : undefined;
      return problem === undefined ? [] : [{ problem, hint: DROP_FIRST }];
    }),
    ...dependents.sequences.flatMap(({ schema, name, isIdentity, usedBy }) =>
      isIdentity
        ? usedBy.map((other) => ({
            problem: `${other} depends on identity sequence ${shownName(schema, name)}, which has to be made again`,
            hint: DROP_FIRST,
          }))
        : [],
    ),
    ...foreignKeys.flatMap(({ name, from, fromRoot, to, toRoot }) => {
      const [source, target] = [relations.get(fromRoot), relations.get(toRoot)];
      if (source === undefined || target === undefined) return [];
      const title = `foreign key ${shownName(name)} of ${titleOfTable(source)}`;
      if (from !== fromRoot) return [{ problem: `${title} is of a partition only`, hint: DROP_FIRST }];
      if (to !== toRoot) return [{ problem: `${title} points at a partition`, hint: DROP_FIRST }];
      // Before PostgreSQL 18 such a key cannot be NOT VALID.
      return source.kind === "p" && serverVersion < 180_000
        ? [{ problem: `${title}, a partitioned table, would be validated under a lock`, hint: DROP_FIRST }]
        : [];
    }),
  ];
}

/** Throws if a name that the phases need is taken by something else. */
export function refuseTakenNames({ tables, dependents }: Model, target: ColumnName): void {
  const busy = tables.find((table) => table.root.hasTrigger && !isAdded(table, { dependents }));
  if (busy !== undefined) {
    const problem = `another column of ${titleOfTable(busy.root)} is being widened`;
    throw new NextvalError("PLAN_REFUSED", `${columnOf(target)}: ${problem}`, {
      hint: "Finish that one with its clean-up first.",
    });
  }
  const taken = tables.flatMap(({ root, relations, columns }) => {
    const works = columns.flatMap(({ name }) => [newColumn(name), oldColumn(name)]);
    const isOld = (name: string) => columns.some((each) => oldColumn(each.name) === name);
    const twice = works.filter((name, index) => works.indexOf(name) !== index);
    return [
      ...twice.map((name) => `two columns of ${titleOfTable(root)} would be renamed to ${shownName(name)}`),
      ...relations.flatMap(({ columns: all }) =>
        all
          .filter(({ name, type }) => works.includes(name) && (type !== "bigint" || isOld(name)))
          .map(({ name }) => `${shownName(root.schema, root.name, name)} is taken`),
      ),
    ];
  });
  const indexes = dependents.indexes.map(({ schema, name }) => JSON.stringify([schema, newIndex(name)]));
  const doubled = dependents.indexes.filter((_, place) => indexes.indexOf(indexes[place] as string) !== place);
  const functions = tables.map(({ root }) => JSON.stringify([root.schema, functionOf(root.name), checkOf(root.name)]));
  const [problem] = [
    ...taken,
    ...doubled.map(({ schema, name }) => `two indexes would be named ${shownName(schema, newIndex(name))}`),
    ...(new Set(functions).size === functions.length ? [] : ["two functions would have the same name"]),
  ];
  if (problem === undefined) return;
  throw new NextvalError("PLAN_REFUSED", `${columnOf(target)}: ${problem}`, {
    hint: `Rename it first, because the phases use the names of ${TRIGGER}.`,
  });
}
