import { shownName } from "../../server/names.js";
import { backfillStatement } from "./backfill.js";
import type { Index, Relation } from "./facts.js";
import { createIndex } from "./index-definition.js";
import { checkOf, functionOf, newColumn, newIndex, oldColumn, quoted } from "./names.js";
import { TRIGGER } from "./read-tables.js";
import { addStepCheck, alter, createFunction, createTrigger, inCatalogPath, nameOfTable } from "./statements.js";
import { carriedChecks, newColumns, swapStatements } from "./swap.js";
import type { Model, WideTable } from "./tables.js";
import type { WidenPhase, WidenWork } from "./widen-plan.js";

/** A phase before it has a name that is unique. */
type Phase = Omit<WidenPhase, "isTransactional"> & { readonly isTransactional?: boolean };

/** Writes the phases. After the swap, only those that are left can be written. */
export function phasesOf(model: Model, lockTimeout: number): WidenPhase[] {
  const { tables } = model;
  const phases = model.isSwapped
    ? [...validations(model), ...[...tables].reverse().map(cleanUp)]
    : [
        ...tables.map((table) => addColumns(table, model)),
        ...tables.flatMap((table) => leavesOf(table).map((leaf) => backfill(table, leaf, model))),
        ...tables.map((table) => prove(table, model)),
        ...indexes(model),
        swap(model),
        ...validations(model),
        ...[...tables].reverse().map(cleanUp),
      ];
  const wait = `set local lock_timeout = ${lockTimeout}`;
  const limited = (statements: readonly string[]) => (statements.length === 0 ? [] : [wait, ...statements]);
  const names = new Set<string>();
  return phases.map(({ isTransactional = true, ...phase }) => {
    const name = uniqueName(phase.name, names);
    if (!isTransactional) return { ...phase, name, isTransactional };
    return { ...phase, name, up: limited(phase.up), down: limited(phase.down), isTransactional };
  });
}

function uniqueName(text: string, names: Set<string>): string {
  const base = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_|_$/g, "")
    .slice(0, 80);
  let name = base;
  for (let number = 2; names.has(name); number++) name = `${base}_${number}`;
  names.add(name);
  return name;
}

function leavesOf({ relations }: WideTable): Relation[] {
  return relations.filter(({ kind }) => kind === "r");
}

function addColumns(table: WideTable, model: Model): Phase {
  const { root, columns } = table;
  const names = columns.map(({ name }) => quoted(newColumn(name)));
  return {
    kind: "add",
    name: `add_${root.name}`,
    notes: [
      "Adds the new columns, and the trigger that fills them in new and changed rows.",
      "Locks the table for a moment.",
    ],
    up: inCatalogPath([
      alter(root, names.map((name) => `add column ${name} bigint`).join(", ")),
      createFunction(table, "forwards", "create"),
      ...createTrigger(table),
      addStepCheck(table),
    ]),
    down: [
      alter(root, `drop constraint if exists ${quoted(checkOf(root.name))}`),
      ...dropTrigger(root),
      alter(root, names.map((name) => `drop column ${name}`).join(", ")),
    ],
    isDone: isAdded(table, model),
  };
}

/** Whether the columns are there, and are those of the phases. */
export function isAdded({ root, columns }: WideTable, { dependents }: Pick<Model, "dependents">): boolean {
  return (
    columns.every(({ name }) => root.columns.some((each) => each.name === newColumn(name))) &&
    dependents.checks.some(({ relation, name }) => relation === root.oid && name === checkOf(root.name))
  );
}

function dropTrigger(root: Relation): string[] {
  return [
    `drop trigger ${quoted(TRIGGER)} on ${nameOfTable(root)}`,
    `drop function ${quoted(root.schema, functionOf(root.name))}()`,
  ];
}

function backfillOf({ columns }: WideTable, { schema, name }: Relation): WidenWork {
  return { schema, name, columns: columns.map((column) => ({ from: column.name, to: newColumn(column.name) })) };
}

const PROGRESS =
  "select application_name from pg_catalog.pg_stat_activity where application_name like 'nextval widen%'";

function backfill(table: WideTable, leaf: Relation, model: Model): Phase {
  const { updateTriggers } = leaf;
  const work = backfillOf(table, leaf);
  const fired = updateTriggers.map((trigger) => `Each row fires trigger ${shownName(trigger)}.`);
  return {
    kind: "backfill",
    name: `backfill_${leaf.name}`,
    notes: [
      "Fills the new columns in batches, each in its own transaction, and passes over rows that are locked.",
      ...fired,
      "This shows how far it is:",
      PROGRESS,
    ],
    up: [backfillStatement(work)],
    down: [],
    isTransactional: false,
    isDone: isProved(table, model),
    work,
  };
}

function prove(table: WideTable, model: Model): Phase {
  const { root, columns } = table;
  return {
    kind: "prove",
    name: `prove_${root.name}`,
    notes: ["Reads all rows without blocking others, and fails unless each is filled.", "The swap then reads none."],
    up: inCatalogPath([
      alter(root, `validate constraint ${quoted(checkOf(root.name))}`),
      `analyze ${nameOfTable(root)} (${columns.map(({ name }) => quoted(newColumn(name))).join(", ")})`,
    ]),
    down: [],
    isDone: isProved(table, model),
  };
}

function isProved({ root }: WideTable, { dependents }: Model): boolean {
  return dependents.checks.some(
    ({ relation, name, isValid }) => relation === root.oid && name === checkOf(root.name) && isValid,
  );
}

/** One phase for each index of a table or a partition; those of partitioned tables are made of them in the swap. */
function indexes({ dependents, relations, tables }: Model): Phase[] {
  return dependents.indexes.flatMap((index): Phase[] => {
    const relation = relations.get(index.relation) as Relation;
    const table = tables.find(({ root }) => root.oid === relation.root) as WideTable;
    if (relation.kind === "p") return [];
    const name = newIndex(index.name);
    return [
      {
        kind: "index",
        name: `index_${index.name}`,
        notes: [
          "Builds the index while the table is in use.",
          `If it fails, it leaves an invalid index, ${quoted(relation.schema, name)}, to be dropped first.`,
        ],
        up: [createIndex(index, relation, { name, columns: newColumns(table), how: "concurrently" })],
        down: [`drop index concurrently if exists ${quoted(relation.schema, name)}`],
        isTransactional: false,
        isDone: isBuilt(relation, index),
        work: { schema: relation.schema, name, columns: [] },
      },
    ];
  });
}

function isBuilt({ indexes }: Relation, { name }: Index): boolean {
  return indexes.some((each) => each.name === newIndex(name) && each.isValid);
}

function swap(model: Model): Phase {
  return {
    kind: "swap",
    name: "swap",
    notes: [
      "Puts the new columns in the place of the old ones, for a moment under an exclusive lock.",
      "The way down builds indexes under that lock.",
      "The way down fails once a value is too large for the old columns.",
    ],
    up: swapStatements(model, "up"),
    down: swapStatements(model, "down"),
    isDone: false,
  };
}

/** Foreign keys and checks that the swap has added without reading the rows. */
function validations(model: Model): Phase[] {
  const made = [
    ...model.foreignKeys.map(({ from, ...rest }) => ({ ...rest, relation: from })),
    ...carriedChecks(model),
  ];
  return made
    .filter(({ isValid, definition }) => (model.isSwapped ? definition.endsWith(" NOT VALID") : isValid))
    .map(({ name, relation }) => ({
      kind: "validate" as const,
      name: `validate_${name}`,
      notes: ["Reads all rows without blocking others."],
      up: inCatalogPath([alter(model.relations.get(relation) as Relation, `validate constraint ${quoted(name)}`)]),
      down: [],
      isDone: false,
    }));
}

function cleanUp({ root, columns }: WideTable): Phase {
  return {
    kind: "clean-up",
    name: `clean_up_${root.name}`,
    notes: ["Drops the old columns and the trigger, for a moment under an exclusive lock.", "It cannot be undone."],
    up: [
      ...dropTrigger(root),
      alter(root, columns.map(({ name }) => `drop column ${quoted(oldColumn(name))}`).join(", ")),
    ],
    down: [],
    isDone: false,
  };
}
