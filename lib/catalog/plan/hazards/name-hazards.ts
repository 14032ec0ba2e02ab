import { nextval } from "../../../index.js";
import { keyOf, nameOf } from "../../../server/names.js";
import type { DatabaseState, SequenceState, TakenName } from "../../inspect/state.js";
import type { Hazard } from "../change.js";
import { constantOfState, type Target } from "../target.js";
import { columnsOf, hazardsFor } from "./make-hazard.js";

/**
 * Returns the hazard of a taken name. Sequences share their names with all relations of their schema, and a new
 * sequence also with types. Source: "CREATE SEQUENCE".
 */
export function nameTaken(
  { declared, schema, seqName }: Target,
  taken: readonly TakenName[],
  isNew: boolean,
): Hazard[] {
  const holder = taken.find(
    (each) => each.schema === schema && each.name === seqName && (isNew || each.kind !== "type"),
  );
  return hazardsFor(nameOf(declared))(
    "NAME_TAKEN",
    holder !== undefined,
    `schema ${schema} has ${article(holder?.kind)} of this name, which the server refuses; declare another name`,
    true,
  );
}

function article(kind = ""): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

/**
 * Returns the hazard of defaults that look up the sequence by name each time. They do not follow a rename or a move.
 */
export function namedInText({ declared }: Target, state: SequenceState): Hazard[] {
  const lateBound = state.feeds.filter((column) => column.lateBound);
  return [
    ...hazardsFor(nameOf(declared))(
      "NAMED_IN_TEXT",
      lateBound.length > 0,
      `the default of ${columnsOf(lateBound)} looks up the name ${nameOf(state)} at each insert: inserts will fail with 42P01, or draw from what has that name then; first make the default ${nextval(constantOfState(state)).text}, which follows`,
    ),
    ...namedInCode(nameOf(declared), state),
  ];
}

/** Returns the hazard for code in the database, if the name of a sequence no longer exists or refers to another one. */
export function namedInCode(subject: string, state: SequenceState): Hazard[] {
  const { namedIn } = state;
  const first = namedIn.slice(0, MOST_NAMED).join(", ");
  const others = namedIn.length > MOST_NAMED ? `, and ${namedIn.length - MOST_NAMED} more` : "";
  return hazardsFor(subject)(
    "NAMED_IN_TEXT",
    namedIn.length > 0,
    `the name ${nameOf(state)} is looked up each time by ${first}${others}: that will fail with 42P01, or find what has that name then; change it together with the name`,
  );
}

/** More names would make the message too long to read. */
const MOST_NAMED = 5;

/**
 * Returns the hazard of a name that another sequence has now. Programs that use the name mean that sequence. The target
 * takes the name over, or comes before it in the `search_path`, where an unqualified name then finds the target.
 *
 * @param found - the target's current state; undefined if it is created
 */
export function nameReused(
  target: Target,
  { sequences, otherSequences, searchPath }: Pick<DatabaseState, "sequences" | "otherSequences" | "searchPath">,
  found?: SequenceState,
): Hazard[] {
  const called = [sequences, otherSequences].flatMap((each) => byName(each).get(target.seqName) ?? []);
  const before = called.find((state) => keyOf(state) === keyOf(target));
  const visible = searchPath.flatMap((schema) => called.filter((state) => state.schema === schema)).at(0);
  const isFirst =
    visible !== undefined &&
    searchPath.includes(target.schema) &&
    searchPath.indexOf(target.schema) < searchPath.indexOf(visible.schema);
  const other = before ?? (isFirst ? visible : undefined);
  const consequence = `statements and functions that say ${target.seqName} draw from it without an error, and may get values that were given out before; first stop the programs that do`;
  return hazardsFor(nameOf(target.declared))(
    "NAME_REUSED",
    other !== undefined && other !== found,
    before === undefined
      ? `it hides ${visible === undefined ? "" : nameOf(visible)} in the search_path: ${consequence}`
      : `another sequence has this name until the plan renames it: ${consequence}`,
  );
}

type Named = Pick<SequenceState, "schema" | "seqName">;

const known = new WeakMap<readonly Named[], Map<string, Named[]>>();

/** Groups sequences by name, once for all targets of a plan. */
function byName(sequences: readonly Named[]): ReadonlyMap<string, readonly Named[]> {
  let groups = known.get(sequences);
  if (groups === undefined) {
    known.set(sequences, (groups = new Map()));
    for (const each of sequences) groups.set(each.seqName, [...(groups.get(each.seqName) ?? []), each]);
  }
  return groups;
}
