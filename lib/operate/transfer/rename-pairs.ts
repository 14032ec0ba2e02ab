import type { DatabaseState, SequenceState } from "../../catalog/index.js";
import { NextvalError } from "../../index.js";
import { finderOf, shownNameOf, suggestionFor, givenName } from "../../server/names.js";

/** Old names on the source with new names on the target. */
export type Renames = Readonly<Record<string, string>>;

/** The sequences of one of the two databases. */
interface Carried extends Pick<DatabaseState, "sequences" | "defaultSchema"> {
  readonly name: "source" | "target";
}

type Find = ReturnType<typeof finderOf<SequenceState>>;

/** Throws for renames that are not an object of names. */
export function checkRenames(renames: Renames): void {
  const isObject = typeof renames === "object" && renames !== null && !Array.isArray(renames);
  if (isObject && Object.values(renames).every((name) => typeof name === "string")) return;
  const problem =
    'planTransfer takes renames as an object of new names by old ones, such as { order_seq: "sales_seq" }';
  throw new NextvalError("INVALID_ARGUMENT", problem);
}

/**
 * Returns the target of each renamed sequence of the source. Throws `INVALID_ARGUMENT` for a name that is unknown,
 * stands for several sequences, or is given twice.
 */
export function renamedTargets(renames: Renames, source: Carried, target: Carried): Map<SequenceState, SequenceState> {
  const renamed = new Map<SequenceState, SequenceState>();
  const twins = new Map<SequenceState, SequenceState>();
  const [inSource, inTarget] = [source, target].map(({ sequences, defaultSchema }) =>
    finderOf(sequences, defaultSchema),
  ) as [Find, Find];
  for (const [oldName, newName] of Object.entries(renames)) {
    const refuse = (problem: string, hint?: string): never => {
      const sentence = `${givenName(oldName)}: cannot be carried to ${givenName(newName)}: ${problem}`;
      throw new NextvalError("INVALID_ARGUMENT", sentence, { sequence: oldName, hint });
    };
    const find = (
      { name, defaultSchema, sequences }: Carried,
      [found, other]: readonly SequenceState[],
      wanted: string,
    ): SequenceState => {
      if (other !== undefined) {
        return refuse(
          `the ${name} has several sequences called ${givenName(wanted)}`,
          "Put the names in double quotes.",
        );
      }
      const suggestion = () => suggestionFor(wanted, sequences, defaultSchema);
      return found ?? refuse(`the ${name} has no sequence ${givenName(wanted)}`, suggestion());
    };
    const from = find(source, inSource(oldName), oldName);
    const to = find(target, inTarget(newName), newName);
    if (renamed.has(from)) refuse(`${shownNameOf(from)} is renamed twice`);
    const twin = twins.get(to);
    if (twin !== undefined) refuse(`${shownNameOf(twin)} is carried there too, and a sequence has one position`);
    renamed.set(from, to);
    twins.set(to, from);
  }
  return renamed;
}
