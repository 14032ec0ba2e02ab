import { nextval } from "../../../index.js";
import { storedIdentifier } from "../../../internal.js";
import { keyOf, shownName, shownNameOf } from "../../../server/names.js";
import type { DatabaseState, SequenceState, StateColumn, TakenName } from "../../inspect/state.js";
import type { Hazard } from "../change.js";
import { sequencesNamed, takenNamed } from "../state-index.js";
import { declarationOfState, type Target } from "../target.js";
import { aboutColumns, hazardsFor } from "./make-hazard.js";

/**
 * Returns the hazard of a taken name. Sequences share their names with all relations of their schema, and a new
 * sequence also with types. Source: "CREATE SEQUENCE".
 */
export function nameTaken(
  { declared, schema, seqName }: Target,
  taken: readonly TakenName[],
  isNew: boolean,
): Hazard[] {
  const holder = takenNamed(taken, seqName).find((each) => each.schema === schema && (isNew || each.kind !== "type"));
  return hazardsFor(shownNameOf(declared))(
    "NAME_TAKEN",
    holder !== undefined,
    `schema ${shownName(schema)} already has ${article(holder?.kind)} of this name`,
    { hint: "Declare another name, or rename the other object.", blocked: true },
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
  // A default that follows a rename names the sequence itself. Others do more than draw, or are not in a table.
  const plain = lateBound.every(({ checked, indirect }) => !checked && !indirect);
  return [
    ...hazardsFor(shownNameOf(declared))(
      "NAMED_IN_TEXT",
      lateBound.length > 0,
      aboutColumns(
        lateBound,
        (these, areMany) =>
          `${areMany ? "the defaults" : "the default"} of ${these} ` +
          `${areMany ? "look" : "looks"} up the name ${shownNameOf(state)}, which fails then`,
      ),
      {
        hint: `First make the default ${nextval(declarationOfState(state)).text}, which follows a rename.`,
        fix: plain ? lateBound.map((column) => boundDefault(column, state)).join("; ") : undefined,
      },
    ),
    ...namedInCode(shownNameOf(declared), state),
  ];
}

/** Makes a default that names the sequence itself, so it follows a rename. */
function boundDefault({ schema, table, column }: StateColumn, state: SequenceState): string {
  const name = storedIdentifier(schema, table).text;
  const value = nextval(declarationOfState(state)).text;
  return `alter table ${name} alter column ${storedIdentifier(column).text} set default ${value}`;
}

/** Returns the hazard for code in the database, if the name of a sequence no longer exists or refers to another one. */
export function namedInCode(subject: string, state: SequenceState): Hazard[] {
  const { namedIn } = state;
  return hazardsFor(subject)(
    "NAMED_IN_TEXT",
    namedIn.length > 0,
    {
      names: namedIn,
      noun: "places",
      say: (these, areMany) =>
        `${these} ${areMany ? "look" : "looks"} up the name ${shownNameOf(state)}, which fails then`,
    },
    { hint: "Change the code together with the name, or it fails with 42P01 or finds another sequence." },
  );
}

/**
 * Returns the hazard of a name that another sequence has now. Programs that use the name mean that sequence. The target
 * takes the name over, or comes before it in the `search_path`, where an unqualified name then finds the target.
 *
 * @param found - the target's current state; undefined if it is created
 */
export function nameReused(
  target: Target,
  {
    sequences,
    otherSequences,
    searchPath,
    pathNames,
  }: Pick<DatabaseState, "sequences" | "otherSequences" | "searchPath" | "pathNames">,
  found?: SequenceState,
): Hazard[] {
  const called = [...sequencesNamed(sequences, target.seqName), ...sequencesNamed(otherSequences, target.seqName)];
  const before = called.find((state) => keyOf(state) === keyOf(target));
  const visible = searchPath.flatMap((schema) => called.filter((state) => state.schema === schema)).at(0);
  const isFirst =
    visible !== undefined &&
    pathNames.includes(target.schema) &&
    pathNames.indexOf(target.schema) < pathNames.indexOf(visible.schema);
  const other = before ?? (isFirst ? visible : undefined);
  const hidden = visible === undefined ? "" : shownNameOf(visible);
  return hazardsFor(shownNameOf(target.declared))(
    "NAME_REUSED",
    other !== undefined && other !== found,
    before === undefined
      ? `it hides ${hidden} in the search_path, and programs may mean that one`
      : "another sequence has this name until the plan renames it, and programs may mean that one",
    {
      hint:
        "First stop the programs that use the name. " +
        "They would silently draw from this one, and may get old values.",
    },
  );
}
