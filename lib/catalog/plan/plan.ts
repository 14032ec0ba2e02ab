import {
  commentOnSequence,
  createSchema,
  createSequence,
  dropSequence,
  pgSchema,
  type SequenceLike,
  type SequenceNeeded,
  setSequenceLogged,
} from "../../index.js";
import { checkKnown } from "../../internal.js";
import { excluded } from "../../server/name-patterns.js";
import { keyOf, nameOf, sequenceNameOf, shownName, refuseDeclared } from "../../server/names.js";
import type { DatabaseState, SequenceState } from "../inspect/state.js";
import type { Change, Plan, PlanOptions } from "./change.js";
import { hazardsOfCache } from "./hazards/cache-hazards.js";
import {
  hazardsOfAlter,
  hazardsOfDrop,
  hazardsOfLock,
  hazardsOfPersistence,
  needsPostgres15,
} from "./hazards/change-hazards.js";
import { nameReused, nameTaken } from "./hazards/name-hazards.js";
import { alterThroughColumn, pendingIdentities, refuseConflict } from "./identity.js";
import { differences } from "./option-changes.js";
import { ownershipOf } from "./ownership.js";
import { relocate } from "./relocate.js";
import { questionsOf } from "./rename-questions.js";
import { renamesOf } from "./renames.js";
import { restarting } from "./restarts.js";
import { declarationOf, declarationOfState, declarationToCreate, type Target, targetOf } from "./target.js";

/**
 * Compares declarations with a database, and returns the statements that bring the database to the declarations.
 *
 * ```ts
 * const { changes } = planChanges([orderSeq], await inspectSequences(db));
 * changes.map(({ sql }) => sql); // ['alter sequence "public"."order_seq" no cycle']
 * ```
 *
 * The statements are in order, each with the statement that undoes it and its hazards. They name every sequence with
 * its schema, so they mean the same under every `search_path`; `subject` is the name as declared. `changes` and
 * `pending` are both empty exactly if nothing differs. An owner that does not exist yet is `pending` and not a change,
 * so sequences can be created before their tables.
 *
 * A plan never changes a current value. It restarts a sequence only if its declared start changes, no value was ever
 * drawn from it, the tables that it feeds have no rows, and no code names it: then it begins at the new start. It never
 * touches the sequences of extensions, and drops nothing unless `prune` is given. A sequence that is declared with
 * `identity` is changed through its column. It is never created or dropped: an identity column that does not exist, or
 * has another type, is `pending`.
 *
 * Throws `INVALID_ARGUMENT` for a declaration with `identity` whose column does not use the sequence, and for one
 * without if an identity column does. Also throws it for two declarations of one name, for renames that do not fit, and
 * for a name in `new` that is not declared.
 */
export function planChanges(
  given: readonly (SequenceLike | SequenceNeeded)[],
  state: DatabaseState,
  options: PlanOptions = {},
): Plan {
  checkKnown("planChanges", options, ["prune", "exclude", "schemas", "renames", "new"]);
  const declared = given as readonly SequenceLike[];
  const existing = new Map(state.sequences.map((sequence) => [keyOf(sequence), sequence]));
  const targets = targetsOf(declared, state, existing);
  const renamed = renamesOf(options.renames ?? {}, targets, state);
  // A renamed sequence no longer matches a declaration of its old name.
  for (const { schema, seqName } of renamed.values()) existing.delete(keyOf({ schema, seqName }));
  const pairs = targets.map((target) => [target, renamed.get(target) ?? existing.get(keyOf(target))] as const);
  const kept = new Set<SequenceState>();
  for (const [target, found] of pairs) {
    if (found === undefined) continue;
    refuseConflict(target, found);
    kept.add(found);
  }
  const created = pairs
    .filter(([{ options }, found]) => found === undefined && options.identity === null)
    .map(([target]) => target);
  const exclusion = excluded("planChanges", options.exclude);
  const undeclared = state.sequences.filter(
    (sequence) => sequence.definedBy === "user" && !kept.has(sequence) && !exclusion.has(sequenceNameOf(sequence)),
  );
  const covered = [...targets.map(({ schema }) => schema), ...(state.inspected ?? []), ...(options.schemas ?? [])];
  const dropped = options.prune === true ? undeclared.filter(isDroppableIn(new Set(covered))) : [];
  const ownership = ownershipOf(pairs, state);
  return {
    changes: [
      ...missingSchemas(targets, state),
      ...relocate(
        pairs.flatMap(([target, found]) => (found === undefined ? [] : [[found, target] as const])),
        state,
      ),
      ...created.map((target) => create(target, state)),
      ...pairs.flatMap(([target, found]) => (found === undefined ? [] : alter(target, found, state))),
      ...ownership.changes,
      ...pairs.flatMap(([target, found]) => comment(target, found)),
      ...dropped.map(drop),
    ],
    pending: [...ownership.pending, ...pendingIdentities(pairs, state)],
    questions: questionsOf(pairs, undeclared, state, options.new ?? []),
    declared,
    // Lazy, because only `apply` needs it.
    get resolved() {
      return targets.map((target) => declarationOf(target));
    },
    options,
    inspected: state.inspected,
    found: [...kept, ...dropped],
  };
}

function targetsOf(
  declared: readonly SequenceLike[],
  state: DatabaseState,
  existing: ReadonlyMap<string, SequenceState>,
): Target[] {
  const targets = new Map<string, Target>();
  for (const each of declared) {
    const target = targetOf(each, state, existing);
    const key = keyOf(target);
    if (targets.has(key)) refuseDeclared(each, `it is declared twice in schema ${shownName(target.schema)}`);
    if (state.inspected !== null && !state.inspected.includes(target.schema)) {
      const inspected = state.inspected.map((name) => shownName(name)).join(", ") || "none";
      refuseDeclared(each, `schema ${shownName(target.schema)} was not inspected, only ${inspected}`);
    }
    targets.set(key, target);
  }
  return [...targets.values()];
}

function missingSchemas(targets: readonly Target[], { schemas }: DatabaseState): Change[] {
  const named = new Set(targets.map(({ schema }) => schema));
  return [...named]
    .filter((schema) => !schemas.includes(schema))
    .map((schema) => ({
      kind: "create schema",
      subject: schema,
      sql: createSchema(pgSchema(schema)).text,
      inverse: `drop ${createSchema(pgSchema(schema)).text.slice("create ".length)}`,
      hazards: [],
    }));
}

function create(target: Target, state: DatabaseState): Change {
  return {
    kind: "create",
    subject: nameOf(target.declared),
    sql: createSequence(declarationToCreate(target)).text,
    inverse: dropSequence(declarationOf(target)).text,
    hazards: [
      ...nameTaken(target, state.taken, true),
      ...nameReused(target, state),
      ...needsPostgres15(target, state.serverVersion),
      ...hazardsOfCache(target),
    ],
  };
}

function alter(target: Target, found: SequenceState, state: DatabaseState): Change[] {
  const { options: after } = target;
  const { options: before } = found;
  const changes: Change[] = [];
  const subject = nameOf(target.declared);
  const forth = differences(before, after);
  if (after.identity !== null) changes.push(...alterThroughColumn(target, found));
  else if (Object.keys(forth).length > 0) {
    changes.push({
      kind: "alter",
      subject,
      ...restarting(target, found, forth, differences(after, before)),
      hazards: hazardsOfAlter(target, found),
    });
  }
  if (after.unlogged !== before.unlogged) {
    const constant = declarationOf(target);
    changes.push({
      kind: "alter",
      subject,
      sql: setSequenceLogged(constant, !after.unlogged).text,
      inverse: setSequenceLogged(constant, !before.unlogged).text,
      hazards: [...hazardsOfPersistence(target, state.serverVersion), ...hazardsOfLock(target, found)],
    });
  }
  return changes;
}

function comment(target: Target, found: SequenceState | undefined): Change[] {
  const after = target.options.comment;
  const before = found?.options.comment ?? null;
  const isPending = found === undefined && target.options.identity !== null;
  if (after === before || isPending) return [];
  const constant = declarationOf(target);
  return [
    {
      kind: "comment",
      subject: nameOf(target.declared),
      sql: commentOnSequence(constant, after).text,
      inverse: commentOnSequence(constant, before).text,
      hazards: [],
    },
  ];
}

/**
 * Selects sequences that can be dropped. One that belongs to a column, feeds one, or is used elsewhere cannot be
 * dropped alone.
 */
function isDroppableIn(schemas: ReadonlySet<string>) {
  return ({ schema, feeds, isReferenced }: SequenceState): boolean =>
    schemas.has(schema) && feeds.length === 0 && !isReferenced;
}

function drop(state: SequenceState): Change {
  return {
    kind: "drop",
    subject: nameOf(state),
    sql: dropSequence(declarationOfState(state)).text,
    inverse: createSequence(declarationOfState(state)).text,
    hazards: hazardsOfDrop(state),
  };
}
