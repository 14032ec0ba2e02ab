import type { SequenceState } from "../../catalog/index.js";
import type { SequencesState } from "../../catalog/inspect/read-sequences.js";
import { storedIdentifier } from "../../internal.js";
import { keyOf, quotedOf, type SequenceName, sequenceNameOf, shownName, shownNameOf } from "../../server/names.js";
import { type Position, positionOf } from "../arithmetic/position.js";
import { whyUnknown } from "../columns/unknown-value.js";
import { renamedTargets, type Renames } from "./rename-pairs.js";
import { type AcceptedTransferProblem, copyOf, type TransferProblem, transferProblem } from "./transfer-problem.js";

/** One of the two databases of a transfer. */
export interface Side {
  readonly name: "source" | "target";
  /** The role that is connected to it. */
  readonly role: string;
  readonly state: SequencesState;
}

/** A sequence of the source and its counterpart on the target, with their positions. */
export interface SequencePair {
  readonly source: SequenceState;
  readonly target: SequenceState;
  readonly from: Position;
  readonly before: Position;
}

/** Which sequences of two databases belong together, and which are left out. */
export interface Matching {
  readonly renames: Renames;
  readonly isExcluded: (sequence: SequenceName) => boolean;
  /** Returns why a problem is accepted; undefined if it is not. */
  readonly reasonFor: (problem: TransferProblem) => string | undefined;
}

/**
 * Pairs the sequences of both databases, and lists every reason against a transfer. Excluded sequences are left out,
 * and so are those with an accepted problem.
 */
export function compare(
  source: Side,
  target: Side,
  { renames, isExcluded, reasonFor }: Matching,
): { pairs: SequencePair[]; problems: TransferProblem[]; accepted: AcceptedTransferProblem[] } {
  const sources = sequencesOf(source, isExcluded);
  const targets = sequencesOf(target, isExcluded);
  const renamed = renamedTargets(renames, carriedBy(source, sources), carriedBy(target, targets));
  const taken = new Map([...renamed].map(([one, other]) => [other, one]));
  const accepted: AcceptedTransferProblem[] = [];
  const problems = unknownSchemas(source, target);
  const pairs: SequencePair[] = [];
  for (const key of [...new Set([...sources.keys(), ...targets.keys()])].sort()) {
    const one = sources.get(key);
    const namesake = targets.get(key);
    const other = (one && renamed.get(one)) ?? namesake;
    const rival = other && taken.get(other);
    if (namesake !== undefined && (one === undefined || renamed.has(one)) && !taken.has(namesake)) {
      problems.push(missing(namesake, source));
    }
    if (one === undefined) continue;
    if (other === undefined) problems.push(missing(one, target));
    else if (rival !== undefined && rival !== one) {
      const problem = `${shownNameOf(rival)} is carried to ${shownNameOf(other)} of the target`;
      problems.push(transferProblem(one, "NAME_GIVEN_AWAY", null, problem, { hint: "Rename both, or neither." }));
    } else {
      const from = positionOf(one);
      const before = positionOf(other);
      const found = [...differences(one, other), ...forbidden(one, source), ...forbidden(other, target)];
      if (found.length === 0 && from !== undefined && before !== undefined) {
        pairs.push({ source: one, target: other, from, before });
      }
      // The names of both sides, if they differ.
      problems.push(...found.map((problem) => (other === namesake ? problem : asRenamed(problem, one, other))));
    }
  }
  const open = problems.filter((problem) => {
    const reason = reasonFor(problem);
    if (reason !== undefined) accepted.push({ ...problem, reason });
    return reason === undefined;
  });
  return { pairs, problems: open, accepted };
}

/**
 * Returns the sequences to carry. Those of extensions are left out: an extension makes its sequences itself, and each
 * version of it may make others.
 */
function sequencesOf({ state }: Side, isExcluded: (sequence: SequenceName) => boolean): Map<string, SequenceState> {
  const carried = state.sequences.filter(
    (sequence) => sequence.definedBy !== "extension" && !isExcluded(sequenceNameOf(sequence)),
  );
  return new Map(carried.map((sequence) => [keyOf(sequence), sequence]));
}

function carriedBy({ name, state: { defaultSchema } }: Side, sequences: ReadonlyMap<string, SequenceState>) {
  return { name, defaultSchema, sequences: [...sequences.values()] };
}

/** Names a sequence of both sides: `public.order_seq as public.sales_seq`. */
function asRenamed(problem: TransferProblem, one: SequenceState, other: SequenceState): TransferProblem {
  const title = [one, other].map(shownNameOf).find((name) => problem.message.startsWith(`${name}: `)) ?? "";
  const message = `${shownNameOf(one)} as ${shownNameOf(other)}${problem.message.slice(title.length)}`;
  return { ...problem, message };
}

function unknownSchemas({ state: source }: Side, { state: target }: Side): TransferProblem[] {
  return (source.inspected ?? [])
    .filter((schema) => !source.schemas.includes(schema) && !target.schemas.includes(schema))
    .map((schema) => ({
      code: "SCHEMA_MISSING",
      sequence: null,
      side: null,
      message: `schema ${shownName(schema)} is on neither side`,
      hint: "Look at the spelling, and at the databases of both URLs.",
    }));
}

function missing(sequence: SequenceState, { name }: Side): TransferProblem {
  const fix = copyOf(sequence);
  const hint =
    fix === undefined ? `Create its table on the ${name}.` : `Create it on the ${name}, or drop the other one.`;
  return transferProblem(sequence, "SEQUENCE_MISSING", name, `it is missing on the ${name}`, { hint, fix });
}

function differences(sequence: SequenceState, { options: target }: SequenceState): TransferProblem[] {
  const { options: source } = sequence;
  return (["as", "increment", "minValue", "maxValue", "cycle"] as const)
    .filter((option) => source[option] !== target[option])
    .map((option) =>
      transferProblem(
        sequence,
        "OPTIONS_DIFFER",
        null,
        `${option} is ${source[option]} on the source and ${target[option]} on the target`,
        { hint: "Alter the one that is wrong." },
      ),
    );
}

/** Returns the privileges that the role lacks, with the grants that fix it. */
function forbidden(sequence: SequenceState, { name, role }: Side): TransferProblem[] {
  const problems: TransferProblem[] = [];
  const grant = (privilege: string) => ({
    hint: `Run the fix on the ${name}, as the owner of the sequence.`,
    fix: `grant ${privilege} on sequence ${quotedOf(sequenceNameOf(sequence))} to ${storedIdentifier(role).text}`,
  });
  if (positionOf(sequence) === undefined) {
    const unknown = whyUnknown(sequence);
    problems.push(
      unknown === undefined
        ? transferProblem(
            sequence,
            "POSITION_UNKNOWN",
            name,
            `${shownName(role)} may not read it on the ${name}`,
            grant("select"),
          )
        : transferProblem(sequence, "POSITION_UNKNOWN", name, `on the ${name}, ${unknown.reason}`, {
            hint: unknown.hint,
          }),
    );
  }
  if (name === "target" && sequence.missingPrivileges.includes("update")) {
    problems.push(
      transferProblem(
        sequence,
        "UPDATE_MISSING",
        name,
        `${shownName(role)} may not set it on the target`,
        grant("update"),
      ),
    );
  }
  return problems;
}
