import { addIdentity, dropIdentity, renameSequence, type IdentityChanges, sql } from "../../index.js";
import { storedIdentifier } from "../../internal.js";
import { nameOf, shownName, shownNameOf, refuseDeclared } from "../../server/names.js";
import type { DatabaseState, SequenceState, StateOptions } from "../inspect/state.js";
import type { Change, Pending } from "./change.js";
import { hazardsOfAlter, hazardsOfGenerated, hazardsOfTableLock } from "./hazards/change-hazards.js";
import { differences } from "./option-changes.js";
import { whatIsMissing } from "./ownership.js";
import { restarting } from "./restarts.js";
import { sequencesOfTable } from "./state-index.js";
import { declarationOfState, type Target } from "./target.js";

type Owner = NonNullable<StateOptions["ownedBy"]>;

/** Throws if a sequence of the database cannot become what is declared. */
export function refuseConflict({ declared, schema, options }: Target, found: SequenceState): void {
  const { ownedBy, identity } = found.options;
  const refuse = (problem: string, hint: string) => refuseDeclared(declared, problem, "INVALID_ARGUMENT", { hint });
  if (found.definedBy === "extension") {
    refuse("it belongs to an extension, which alone may change it", "Leave it out of the declarations.");
  }
  if (identity === null || ownedBy === null) {
    if (options.identity === null) return;
    const { table, column } = options.ownedBy as Owner;
    const problem = `it is declared as the identity of ${shownName(table, column)}, which does not use it`;
    refuse(problem, "Leave out identity, or make the column an identity column with this sequence.");
    return;
  }
  const column = shownName(ownedBy.table, ownedBy.column);
  if (options.identity === null) {
    const hint = `Declare it with ownedBy and identity: "${identity}", or leave it out of the declarations.`;
    refuse(`it belongs to the identity column ${column}`, hint);
  }
  if (!isSame(options.ownedBy, ownedBy)) {
    const declaredOwner = shownName(options.ownedBy?.table, options.ownedBy?.column);
    refuse(`it belongs to the identity column ${column}, not to ${declaredOwner}`, `Declare ${column} as ownedBy.`);
  }
  if (found.schema !== schema) {
    const hint = `Move the table ${shownName(found.schema, ownedBy.table)} to schema ${shownName(schema)}.`;
    refuse("the sequence of an identity column moves only with its table", hint);
  }
}

/**
 * Returns the change of an identity column and its sequence, if one is needed. The server makes it through the column.
 */
export function alterThroughColumn(target: Target, found: SequenceState): Change[] {
  // The type is that of the column, and the bounds follow it.
  if (target.options.as !== found.options.as) return [];
  const forth = changesOf(found.options, target.options);
  if (Object.keys(forth).length === 0) return [];
  const { generated, ...options } = forth;
  const hazards = Object.keys(options).length > 0 ? hazardsOfAlter(target, found) : hazardsOfTableLock(target, found);
  return [
    {
      kind: "alter",
      subject: nameOf(target.declared),
      ...restarting(target, found, forth, changesOf(target.options, found.options)),
      hazards: [...(generated === "always" ? hazardsOfGenerated(target) : []), ...hazards],
    },
  ];
}

/** Returns what only the migration of a table can do: make an identity column, or change its type. */
export function pendingIdentities(
  pairs: readonly (readonly [Target, SequenceState | undefined])[],
  state: DatabaseState,
): Pending[] {
  return pairs.flatMap(([target, found]): Pending[] => {
    if (target.options.identity === null) return [];
    if (found === undefined) return [missing(target, state)];
    return found.options.as === target.options.as ? [] : [otherType(target, found)];
  });
}

function missing(target: Target, state: DatabaseState): Pending {
  const { schema, seqName, declared, options } = target;
  const owner = options.ownedBy as Owner;
  const title = shownName(schema, owner.table, owner.column);
  const name = shownNameOf(declared);
  const subject = nameOf(declared);
  const own = sequencesOfTable(state.sequences, owner.table).find(
    (each) => each.definedBy === "identity" && each.schema === schema && isSame(each.options.ownedBy, owner),
  );
  const step = { kind: "identity", subject } as const;
  if (own !== undefined) {
    return {
      ...step,
      sql: renameSequence(declarationOfState(own), seqName).text,
      inverse: renameSequence(declarationOfState(own, { schema, seqName }), own.seqName).text,
      message: `${name}: it does not exist, and ${title} is an identity column with the sequence ${shownNameOf(own)}`,
      warning: null,
      hint:
        `Declare ${shownNameOf(own)}, or rename it: ` +
        `renames: { ${JSON.stringify(nameOf(own))}: ${JSON.stringify(subject)} }.`,
    };
  }
  const entries = Object.entries(declared.seqOptions ?? {}).filter(([option, value]) => isGiven(option, value));
  const kind = options.identity as NonNullable<StateOptions["identity"]>;
  const absent = whatIsMissing(target, owner, state) ?? `${title} is not an identity column`;
  return {
    ...step,
    sql: addIdentity(columnOf(target), kind, { name: seqName, ...Object.fromEntries(entries) }).text,
    inverse: dropIdentity(columnOf(target)).text,
    message: `${name}: it cannot be created yet, because ${absent}`,
    warning: null,
    hint: `Let the migration of ${shownName(owner.table)} make the column, whose sequence gets this name.`,
  };
}

/** Whether the statement of the column has to state an option. */
function isGiven(option: string, value: unknown): boolean {
  if (option === "unlogged") return value === true;
  return ["startWith", "increment", "minValue", "maxValue", "cache", "cycle"].includes(option);
}

function otherType(target: Target, { options: { as } }: SequenceState): Pending {
  const { schema, table, column } = columnOf(target);
  const statement = sql`alter table ${storedIdentifier(schema, table)} alter column ${storedIdentifier(column)} type `
    .text;
  const subject = nameOf(target.declared);
  return {
    kind: "identity",
    subject,
    sql: `${statement}${target.options.as}`,
    inverse: `${statement}${as}`,
    message:
      `${shownNameOf(target.declared)}: its type is ${as} and declared as ${target.options.as}, ` +
      `and it is that of ${shownName(schema, table, column)}`,
    warning: "the statement rewrites the table and locks it meanwhile, and other options are compared only afterwards",
    hint: `Declare as: "${as}", or let a migration of ${shownName(table)} change the type of its column.`,
  };
}

function columnOf({ schema, options }: Target): Owner & { readonly schema: string } {
  return { schema, ...(options.ownedBy as Owner) };
}

function changesOf(from: StateOptions, to: StateOptions): IdentityChanges {
  const { as: _as, ...options } = differences(from, to);
  return {
    ...(from.identity === to.identity || to.identity === null ? {} : { generated: to.identity }),
    ...(options as IdentityChanges),
  };
}

function isSame(one: Owner | null, other: Owner): boolean {
  return one?.table === other.table && one.column === other.column;
}
