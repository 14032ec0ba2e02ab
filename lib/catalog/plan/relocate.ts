import { setSequenceSchema, setSequenceOwnedBy, renameSequence } from "../../index.js";
import { keyOf, nameOf } from "../../server/names.js";
import type { DatabaseState, SequenceState } from "../inspect/state.js";
import type { Change } from "./change.js";
import { hazardsOfLock } from "./hazards/change-hazards.js";
import { namedInText, nameReused, nameTaken } from "./hazards/name-hazards.js";
import { declarationOfState, type Target } from "./target.js";

interface Place {
  readonly schema: string;
  readonly seqName: string;
}

interface Relocation {
  readonly state: SequenceState;
  readonly target: Target;
  at: Place;
}

/**
 * Returns the renames and moves that bring sequences to their new names, in an order in which each name is free when it
 * is needed. If sequences wait for each other in a circle, one of them first gets a temporary name.
 */
export function relocate(
  pairs: readonly (readonly [SequenceState, Target])[],
  state: Pick<DatabaseState, "sequences" | "otherSequences" | "taken" | "searchPath" | "pathNames">,
): Change[] {
  const { sequences, taken } = state;
  const changes: Change[] = [];
  const here = new Set(sequences.map(keyOf));
  const others = new Set(taken.map(({ schema, name }) => keyOf({ schema, seqName: name })));
  const isFree = (place: Place) => !here.has(keyOf(place)) && !others.has(keyOf(place));
  const waiting = pairs.map(([from, target]): Relocation => ({ state: from, target, at: from })).filter(isElsewhere);

  const step = (relocation: Relocation, to: Place) => {
    const before = declarationOfState(relocation.state, relocation.at);
    const after = declarationOfState(relocation.state, to);
    const isRename = relocation.at.schema === to.schema;
    changes.push({
      kind: isRename ? "rename" : "move",
      subject: nameOf(relocation.target.declared),
      sql: (isRename ? renameSequence(before, to.seqName) : setSequenceSchema(before, to.schema)).text,
      inverse: (isRename
        ? renameSequence(after, relocation.at.seqName)
        : setSequenceSchema(after, relocation.at.schema)
      ).text,
      hazards: [
        ...(relocation.at === relocation.state ? namedInText(relocation.target, relocation.state) : []),
        ...(keyOf(to) === keyOf(relocation.target)
          ? [...nameTaken(relocation.target, taken, false), ...nameReused(relocation.target, state, relocation.state)]
          : []),
        ...hazardsOfLock(relocation.target, relocation.state),
      ],
    });
    here.delete(keyOf(relocation.at));
    here.add(keyOf(to));
    relocation.at = to;
  };

  while (waiting.length > 0) {
    // Only sequences can get out of the way. For anything else the server will refuse.
    const ready = waiting.findIndex(({ target }) => !here.has(keyOf(target)));
    const [relocation] = waiting.splice(Math.max(ready, 0), 1) as [Relocation];
    const { at, target } = relocation;
    if (ready < 0) {
      step(relocation, freeName(at, isFree));
      waiting.push(relocation);
      continue;
    }
    if (at.schema !== target.schema) {
      changes.push(...untie(relocation));
      const renamed = { schema: at.schema, seqName: target.seqName };
      const moved = { schema: target.schema, seqName: at.seqName };
      if (at.seqName !== target.seqName && !isFree(moved)) {
        step(relocation, isFree(renamed) ? renamed : freeName(at, isFree));
      }
      step(relocation, { schema: target.schema, seqName: relocation.at.seqName });
    }
    if (relocation.at.seqName !== target.seqName) step(relocation, target);
  }
  return changes;
}

function isElsewhere({ state, target }: Relocation): boolean {
  return keyOf(state) !== keyOf(target);
}

/**
 * Removes the owner of a sequence before a move, because the server moves an owned sequence only with its table.
 * Source: "ALTER SEQUENCE".
 */
function untie({ state, target, at }: Relocation): Change[] {
  const { ownedBy } = state.options;
  if (ownedBy === null) return [];
  const constant = declarationOfState(state, at);
  return [
    {
      kind: "own",
      subject: nameOf(target.declared),
      sql: setSequenceOwnedBy(constant, null).text,
      inverse: setSequenceOwnedBy(constant, ownedBy).text,
      hazards: [],
    },
  ];
}

function freeName({ schema, seqName }: Place, isFree: (place: Place) => boolean): Place {
  for (let number = 1; ; number++) {
    const place = { schema, seqName: `${[...seqName].slice(0, 10).join("")}_aside_${number}` };
    if (isFree(place)) return place;
  }
}
