import { shortType, widenColumn } from "../../../server/column-type.js";
import { exactUpTo, limitsOf, refusalBy, roundingStep } from "../../../server/integer-limits.js";
import { columnOf, shownName, shownNameOf } from "../../../server/names.js";
import type { DatabaseState, FedColumn, SequenceState, StateColumn, StateOptions } from "../../inspect/state.js";
import type { Hazard } from "../change.js";
import { movesToStart } from "../restarts.js";
import { ofTable } from "../state-index.js";
import type { Target } from "../target.js";
import { aboutColumns, hazardsFor } from "./make-hazard.js";
import { drawnByInsert } from "./range-hazards.js";

/** From this many values on, a column has room enough wherever a sequence begins. */
const PLENTY = 100_000n;

/**
 * Returns the hazards of these options for the columns that the sequence feeds. `restarts` says that the sequence moves
 * to its new start.
 */
export function hazardsOfFeeding(target: Target, state: SequenceState, restarts: boolean): Hazard[] {
  const { options: before, feeds } = state;
  const { options: after } = target;
  const grows = after.minValue < before.minValue || after.maxValue > before.maxValue;
  // The sequence may then continue with a value that it never returned before, and fewer of the values that fit may be
  // left.
  const isNarrower = after.cycle && (after.minValue > before.minValue || after.maxValue < before.maxValue);
  const taking = feeds.filter((column) => column.byDefault || isOwner(target, column));
  const isOther = grows || isNarrower;
  const nearer = isOther ? taking : restarts ? taking.filter((column) => losesRoom(column, before, after)) : [];
  return [
    ...comesRoundElsewhere(target, state),
    ...widerThanColumn(target, nearer),
    ...(isOther || restarts ? widerThanChecked(target, taking) : []),
  ];
}

/**
 * Whether a column ends sooner after the new start than after the old one: it holds few values more, or half of them.
 */
function losesRoom({ baseType }: StateColumn, before: StateOptions, after: StateOptions): boolean {
  const exact = exactUpTo(baseType);
  const limits = exact === undefined ? limitsOf(baseType) : { least: -exact, greatest: exact };
  if (limits === undefined) return false;
  const room = ({ startWith, increment }: StateOptions) =>
    increment > 0n ? (limits.greatest - startWith) / increment : (startWith - limits.least) / -increment;
  const left = room(after);
  return left < room(before) && (left < PLENTY || left * 2n < room(before));
}

/** Returns the hazards of a new owner, because programs will then draw from the sequence for that column. */
export function hazardsOfOwning(
  target: Target,
  state: Pick<DatabaseState, "keys" | "unloggedTables">,
  found?: SequenceState,
): Hazard[] {
  const { ownedBy, startWith } = target.options;
  const { keys, unloggedTables } = state;
  // A column that the sequence already feeds is not new to it.
  if (ownedBy === null || found?.feeds.some((column) => isOwner(target, column)) === true) return [];
  const hazard = hazardsFor(shownNameOf(target.declared));
  const owner = ofTable(keys, ownedBy.table).find(
    (column) => column.schema === target.schema && isOwner(target, column),
  );
  const table = shownName(target.schema, ownedBy.table);
  const isFresh = found === undefined || (found.isCalled === false && found.lastValue === found.options.startWith);
  const begins = found === undefined || movesToStart(target, found) ? startWith : found.lastValue;
  return [
    ...(owner === undefined
      ? []
      : [
          ...cycleRepeatsKeys(target, [owner]),
          ...widerThanColumn(target, [owner]),
          ...widerThanChecked(target, [{ ...owner, checked: false }]),
        ]),
    ...hazard(
      "KEY_HAS_ROWS",
      isFresh && owner?.hasRows === true,
      `it begins at ${begins}, but ${columnOf({ schema: target.schema, ...ownedBy })} may have such values: ` +
        "inserts then fail with 23505",
      { hint: "Run resync after the change, before programs draw from it." },
    ),
    ...hazard(
      "UNLOGGED_STARTS_OVER",
      target.options.unlogged && !ofTable(unloggedTables, ownedBy.table).some(({ schema }) => schema === target.schema),
      `after a crash it starts over, but ${table} keeps its rows, so values come twice`,
      { hint: "Declare it without unlogged." },
    ),
  ];
}

function isOwner({ options: { ownedBy } }: Target, { table, column }: StateColumn): boolean {
  return ownedBy?.table === table && ownedBy.column === column;
}

/**
 * Returns the hazard of repeated keys. A sequence that already cycled repeats other keys if it cycles sooner, or begins
 * at another value then.
 */
function comesRoundElsewhere(target: Target, state: SequenceState): Hazard[] {
  const { options: before, feeds } = state;
  const { options: after } = target;
  if (!before.cycle) return cycleRepeatsKeys(target, feeds);
  const isNarrower = after.minValue > before.minValue || after.maxValue < before.maxValue;
  const isWider = after.minValue < before.minValue || after.maxValue > before.maxValue;
  // If an insert takes several values, and the sequence has another number of values, each column gets the values of
  // others.
  const isShifted = isWider && drawnByInsert(state) > 1n;
  if (!isNarrower && !isShifted && restartOf(after) === restartOf(before)) return [];
  return cycleRepeatsKeys(target, feeds, ` from ${after.minValue} to ${after.maxValue}`);
}

/** Returns the value at which a sequence continues after its end. */
function restartOf({ increment, minValue, maxValue }: StateOptions): bigint {
  return increment > 0n ? minValue : maxValue;
}

function cycleRepeatsKeys({ declared, options }: Target, columns: readonly StateColumn[], range = ""): Hazard[] {
  const alone = columns.filter(({ unique }) => unique);
  const shared = columns.filter(({ unique, partOfKey }) => partOfKey && !unique);
  const hazard = hazardsFor(shownNameOf(declared));
  const advice = { hint: "Declare it without cycle, or delete old rows before it comes round." };
  return [
    ...hazard(
      "CYCLE_REPEATS_KEYS",
      options.cycle && alone.length > 0,
      aboutColumns(
        alone,
        (these) => `with cycle its values${range} repeat: inserts into ${these} fail with 23505 or 23P01`,
      ),
      advice,
    ),
    ...hazard(
      "CYCLE_REPEATS_KEYS",
      options.cycle && shared.length > 0,
      aboutColumns(
        shared,
        (these) => `with cycle its values${range} repeat: inserts into ${these} fail if the rest of the key repeats`,
      ),
      advice,
    ),
  ];
}

/** Types with known limits or without a limit. Other types may truncate, round or refuse a number. */
const HOLDS_NUMBERS =
  /^((small|big)int|integer|numeric(\(\d+,-?\d+\))?|real|double precision|text|bpchar|character( varying)?(\(\d+\))?)$/;

function widerThanChecked(target: Target, columns: readonly (StateColumn & Pick<FedColumn, "checked">)[]): Hazard[] {
  const { minValue, maxValue } = target.options;
  const checked = columns.filter((column) => column.checked || !HOLDS_NUMBERS.test(column.baseType));
  return hazardsFor(shownNameOf(target.declared))(
    "WIDER_THAN_COLUMN",
    checked.length > 0,
    aboutColumns(
      checked,
      (these) => `${these} may refuse values from ${minValue} to ${maxValue}, for example with 23514`,
    ),
    { hint: "Look at its type, default, check constraints, foreign keys, generated columns and partition bounds." },
  );
}

function widerThanColumn(target: Target, columns: readonly StateColumn[]): Hazard[] {
  const { minValue, maxValue, increment } = target.options;
  const hazard = hazardsFor(shownNameOf(target.declared));
  const narrow = columns.filter(({ baseType }) => {
    const limits = limitsOf(baseType);
    return limits !== undefined && (minValue < limits.least || maxValue > limits.greatest);
  });
  const step = increment < 0n ? -increment : increment;
  const rounding = columns.filter(
    ({ baseType, unique, partOfKey }) => (unique || partOfKey) && step < roundingStep(baseType),
  );
  const inexact = columns.filter(({ baseType }) => {
    const exact = exactUpTo(baseType);
    return exact !== undefined && (minValue < -exact || maxValue > exact);
  });
  return [
    ...hazard(
      "WIDER_THAN_COLUMN",
      narrow.length > 0,
      aboutColumns(
        narrow,
        (these) =>
          `${these}${typeOf(narrow)} cannot hold ${minValue} to ${maxValue}: ` +
          `inserts fail with ${refusalBy(narrow[0]?.baseType ?? "")}`,
      ),
      {
        hint: "Widen the column first, or declare bounds within it.",
        fix: narrow.some(({ fixedType }) => fixedType) ? undefined : narrow.map(widenColumn).join("; "),
      },
    ),
    ...hazard(
      "WIDER_THAN_COLUMN",
      rounding.length > 0,
      aboutColumns(
        rounding,
        (these) =>
          `${these}${typeOf(rounding)} rounds to multiples of ${roundingStep(rounding[0]?.baseType ?? "")}: ` +
          "inserts fail with 23505",
      ),
      {
        hint: "Make the column a numeric without a scale first.",
        fix: rounding.some(({ fixedType }) => fixedType) ? undefined : rounding.map(widenColumn).join("; "),
      },
    ),
    ...hazard(
      "WIDER_THAN_COLUMN",
      inexact.length > 0,
      aboutColumns(
        inexact,
        (these) =>
          `${these}${typeOf(inexact)} is exact up to ${exactUpTo(inexact[0]?.baseType ?? "")}: ` +
          "after that, values come twice",
      ),
      { hint: "Make the column a bigint first, or declare bounds within it." },
    ),
  ];
}

/** Returns the type of columns in parentheses, if they all have the same one. */
function typeOf(columns: readonly StateColumn[]): string {
  const [type, ...others] = new Set(columns.map((column) => column.type));
  return others.length > 0 ? "" : ` (${shortType(`${type}`)})`;
}
