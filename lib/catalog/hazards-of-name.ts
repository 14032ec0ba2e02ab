import { nextval } from "../index.js";
import type { Hazard } from "./change.js";
import { columnsOf, hazardsFor } from "./hazards.js";
import { nameOf } from "./name.js";
import { constantOfState, type Target } from "./sequences.js";
import type { SequenceState, TakenName } from "./state.js";

/** Sequences share their names with all relations of their schema, and a new one with types, too. Source: "CREATE SEQUENCE". */
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

/** A rename or move is followed by what is tied to the sequence, and not by what looks it up each time. */
export function namedInText({ declared }: Target, state: SequenceState): Hazard[] {
  const lateBound = state.feeds.filter((column) => column.lateBound);
  return hazardsFor(nameOf(declared))(
    "NAMED_IN_TEXT",
    lateBound.length > 0,
    `the default of ${columnsOf(lateBound)} looks up the name ${nameOf(state)} at each insert: inserts will fail with 42P01, or draw from what has that name then; first make the default ${nextval(constantOfState(state)).text}, which follows`,
  );
}
