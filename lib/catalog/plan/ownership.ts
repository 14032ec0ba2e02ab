import { nextval, setSequenceOwnedBy } from "../../index.js";
import { columnOf, nameOf, shownName, shownNameOf } from "../../server/names.js";
import type { DatabaseState, SequenceState, StateOptions } from "../inspect/state.js";
import type { Change, Pending } from "./change.js";
import { hazardsOfLock } from "./hazards/change-hazards.js";
import { hazardsOfOwning } from "./hazards/key-hazards.js";
import { namesakesIn, namesakesOf, renamedTables } from "./namesakes.js";
import { tableOf, takenNamed } from "./state-index.js";
import { declarationOf, type Target } from "./target.js";

type Owner = NonNullable<StateOptions["ownedBy"]>;

/** The owners that a plan sets, and those that it cannot set yet. */
export interface Ownership {
  readonly changes: readonly Change[];
  readonly pending: readonly Pending[];
}

/**
 * Compares the owners of sequences. An owner that does not exist yet is pending, because a sequence may have to exist
 * before the table whose default draws from it.
 */
export function ownershipOf(
  pairs: readonly (readonly [Target, SequenceState | undefined])[],
  state: DatabaseState,
): Ownership {
  const changes: Change[] = [];
  const pending: Pending[] = [];
  const tablesLike = renamedTables(
    pairs.map(([target]) => target),
    state,
  );
  for (const [target, found] of pairs) {
    // It belongs to its column from the beginning.
    if (target.options.identity !== null) continue;
    const after = target.options.ownedBy;
    const before = ownerToday(target, found);
    if (after?.table === before?.table && after?.column === before?.column) continue;
    const constant = declarationOf(target);
    const step = {
      kind: "own",
      subject: nameOf(target.declared),
      sql: setSequenceOwnedBy(constant, after).text,
      inverse: setSequenceOwnedBy(constant, before).text,
    } as const;
    const missing = after === null ? undefined : whatIsMissing(target, after, state);
    if (after === null || missing === undefined) {
      const hazardsOfWait = found === undefined ? [] : hazardsOfLock(target, found);
      changes.push({ ...step, hazards: [...hazardsOfOwning(target, state, found), ...hazardsOfWait] });
      continue;
    }
    const message = `${shownNameOf(target.declared)}: it cannot belong to ${titleOf(after)} yet, because ${missing}`;
    const warning = warningOf(target.schema, after, before, tablesLike, state);
    const hint = warning === null ? defaultHint(target, after) : newNameHint(after);
    pending.push({ ...step, message, warning, hint });
  }
  return { changes, pending };
}

/**
 * Returns the owner that a sequence has when its OWNED BY statement runs. A sequence that moves to another schema has
 * lost its owner before.
 */
function ownerToday({ schema }: Target, found: SequenceState | undefined): Owner | null {
  return found === undefined || found.schema !== schema ? null : found.options.ownedBy;
}

/**
 * Describes the missing table or column. A relation that exists but cannot own sequences is not missing: the server
 * reports the reason.
 */
export function whatIsMissing({ schema }: Target, { table, column }: Owner, state: DatabaseState): string | undefined {
  const found = tableOf(state, schema, table);
  if (found !== undefined) {
    return found.columns.includes(column)
      ? undefined
      : `${shownName(schema, table)} has no column ${shownName(column)}`;
  }
  const isTaken = takenNamed(state.taken, table).some((each) => each.schema === schema && each.kind !== "type");
  return isTaken ? undefined : `there is no table ${shownName(schema, table)}`;
}

/** Suggests the names that the missing table or column may have now; null if nothing looks like it. */
function warningOf(
  schema: string,
  { table, column }: Owner,
  before: Owner | null,
  tablesLike: (schema: string, table: string) => readonly string[],
  state: DatabaseState,
): string | null {
  if (before !== null) {
    const now = columnOf({ schema, ...before });
    return `the sequence belongs to ${now} now, which may be the column under a new name`;
  }
  const found = tableOf(state, schema, table);
  const names =
    found === undefined
      ? tablesLike(schema, table)
      : namesakesIn(namesakesOf(found.columns), column).map((name) => shownName(schema, table, name));
  if (names.length === 0) return null;
  const what = found === undefined ? "table" : "column";
  return `there is ${names.join(", ")}, which may be the ${what} under a new name`;
}

function newNameHint(owner: Owner): string {
  return `Declare the new name in ownedBy, or create ${titleOf(owner)}.`;
}

function titleOf({ table, column }: Owner): string {
  return shownName(table, column);
}

/** Explains how to create the column. For a serial or identity column the server silently takes the next free name. */
function defaultHint(target: Target, { table, column }: Owner): string {
  const { schema, seqName } = target.declared;
  const own = seqName === `${table}_${column}_seq` ? `, such as ${shownName(schema, `${seqName}1`)}` : "";
  return (
    `Give ${shownName(table, column)} default ${nextval(declarationOf(target)).text}, ` +
    `because a serial or identity column makes a sequence of its own${own}.`
  );
}
