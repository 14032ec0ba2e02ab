import { readSequences } from "../../catalog/inspect/read-sequences.js";
import { type Database, type Integer, NextvalError, sql } from "../../index.js";
import { optionsOf, readInteger, shown } from "../../internal.js";
import { checkLockTimeout, DEFAULT_LOCK_TIMEOUT_MS, setLockTimeout } from "../../server/lock-timeout.js";
import { excluded } from "../../server/name-patterns.js";
import { sequenceNameOf } from "../../server/names.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { readPositions } from "../../server/read-positions.js";
import { canBegin, refuseHandle } from "../../server/refuse-handle.js";
import { sqlStateOf } from "../../server/sqlstate.js";
import { acceptedFindings, withinSchemas } from "../accepted-findings.js";
import { advance, hasReached, nextOf, usableOptions, valuesLeft } from "../arithmetic/position.js";
import { TRANSFER_CODES } from "../finding-codes.js";
import type { JsonOf } from "../to-json.js";
import { compare, type SequencePair, type Side } from "./compare-databases.js";
import { checkRenames } from "./rename-pairs.js";
import { advanceTarget, lockTarget, readHeld, type Step, verify } from "./set-target.js";
import { notesOf } from "./step-notes.js";
import type { TransferProblem } from "./transfer-problem.js";
import {
  type ApplyTransferOptions,
  TransferError,
  type PlanTransferOptions,
  type TransferPlan,
  type TransferReport,
  type TransferredSequence,
} from "./transfer-report.js";

/**
 * Compares the sequences of two databases, and plans to carry the position of each from one to the other. Changes
 * nothing; `applyTransfer` does.
 *
 * ```ts
 * const plan = await planTransfer(bind(oldClient), bind(newClient));
 * plan.sequences[0];
 * // { sequence: { schema: "public", name: "orders_id_seq" }, target: { schema: "public", name: "orders_id_seq" },
 * //   from: 5001n, before: 1n, to: 6001n, margin: 1000n, moves: true, notes: [] }
 * ```
 *
 * It is for a cutover or a major upgrade by logical replication, which before PostgreSQL 19 replicates the rows but not
 * the positions of sequences. Serial, identity and plain sequences are carried, including unlogged ones. Sequences of
 * extensions are left to their extensions. `renames` pairs sequences of different names.
 *
 * Throws `TRANSFER_REFUSED` (a `TransferError`) if a sequence is missing on one side, or if type, bounds, increment or
 * cycle differ. Also throws it if the connected role may not read or set a sequence. `error.problems` has all reasons.
 * Throws `INVALID_ARGUMENT` for `renames` that name no sequence, or two sequences for one. Source: "Logical
 * Replication", section "Restrictions".
 */
export async function planTransfer(
  from: Source,
  to: Pick<Database, "begin">,
  options?: PlanTransferOptions,
): Promise<TransferPlan> {
  const wanted = optionsOf("planTransfer", options, ["schemas", "exclude", "accepted", "margin", "renames"]);
  const { schemas } = wanted;
  const asked = marginOf("planTransfer", wanted.margin);
  const matching = matchingOf("planTransfer", wanted);
  if (!canBegin(to)) refuseHandle("planTransfer", "takes a handle second: a pool or a session");
  const [source, target] = [await identify("source", from), await identify("target", to)];
  refuseSame(source, target);
  const { steps, ...rest } = stepsOf(
    { ...source, state: await readSequences(from, schemas) },
    { ...target, state: await readSequences(to, schemas) },
    matching,
    asked,
  );
  return { sequences: steps.map((step) => reportOf(step, asked)), ...rest, options: wanted };
}

/**
 * Carries the positions of sequences from one database to another, as planned.
 *
 * ```ts
 * // Nothing is written to the source anymore, and the target has caught up.
 * await applyTransfer(source, target, await planTransfer(source, target));
 * ```
 *
 * It reads both databases again, so it also carries values that were drawn after the plan was made. The target never
 * moves backwards, so a transfer can be run again. Values in the caches of the source's sessions count as drawn. A
 * sequence that cycles is not carried across its end. If its target is ahead of its source, one of them may have
 * wrapped around, and the report says so.
 *
 * It is one transaction on the target: all sequences are checked, then set by one statement, then read again. But a
 * rollback does not undo `setval`: sequences that were set before a connection broke stay set. Run the transfer again
 * then. Sessions of the target that hold values in their caches have to reconnect.
 *
 * Both databases are read while the target is locked. Other transfers to the same target wait for this one. So do
 * `applyResync` and sessions that alter one of its sequences. Each sequence is set only if it is behind at that moment.
 * A role that does not own the sequence cannot lock out `nextval` and `setval` during the microseconds between read and
 * write. Do not draw from the target while a transfer is running.
 *
 * Throws `TRANSFER_REFUSED` as `planTransfer` does, or if the target has no room for a lock of each of its sequences.
 * Throws `LOCK_TIMEOUT`. Nothing is set then. Throws `TRANSFER_INCOMPLETE` (a `TransferError`) if a sequence of the
 * target is behind the value that it was set to, because another session has called `setval`. `error.report` has what
 * was found. Source: "Sequence Manipulation Functions".
 */
export async function applyTransfer(
  from: Source,
  to: Pick<Database, "begin">,
  plan: TransferPlan | JsonOf<TransferPlan>,
  options?: ApplyTransferOptions,
): Promise<TransferReport> {
  const { lockTimeout = DEFAULT_LOCK_TIMEOUT_MS } = optionsOf("applyTransfer", options, ["lockTimeout"]);
  checkLockTimeout("applyTransfer", lockTimeout);
  if (!Array.isArray(plan?.sequences) || typeof plan.options !== "object" || plan.options === null) {
    throw new NextvalError("INVALID_ARGUMENT", "applyTransfer takes a plan that planTransfer made");
  }
  if (!canBegin(to)) {
    refuseHandle("applyTransfer", "takes a handle second: a pool or a session");
  }
  const { schemas, margin } = plan.options;
  const asked = marginOf("applyTransfer", margin);
  const matching = matchingOf("applyTransfer", plan.options);
  const source = await identify("source", from);
  // A snapshot that is older than the locks would not show what has changed since.
  return to.begin("isolation level read committed", async (tx) => {
    const target = await identify("target", tx);
    refuseSame(source, target);
    await setLockTimeout(tx, lockTimeout);
    await lockTarget(tx, schemas).catch((error: unknown) => {
      throw explained(error, lockTimeout);
    });
    const read = await readSequences(from, schemas);
    const held = await readHeld(tx, schemas);
    const { steps, ...rest } = stepsOf({ ...source, state: read }, { ...target, state: held }, matching, asked);
    const report = (done: readonly Step[]) => ({ sequences: done.map((step) => reportOf(step, asked)), ...rest });
    const behind = steps.filter(({ moves }) => moves);
    if (behind.length === 0) return report(steps);
    const set = await advanceTarget(tx, behind, held.serverVersion);
    const { overtaken, problems } = verify(behind, set, await readPositions(tx, held.serverVersion, schemas));
    const done = report(steps.map((step) => overtaken.get(step) ?? step));
    if (problems.length > 0) throw new TransferError("TRANSFER_INCOMPLETE", problems, done);
    return done;
  });
}

function explained(error: unknown, lockTimeout: number): unknown {
  if (sqlStateOf(error) !== "55P03") return error;
  const problem = `the sequences of the target were locked for ${lockTimeout} ms, and nothing was set`;
  const hint = "Find the session in pg_locks, or wait longer with lockTimeout.";
  return new NextvalError("LOCK_TIMEOUT", problem, { hint, cause: error });
}

function refuseSame(source: Identity, target: Identity): void {
  if (target.address !== source.address) return;
  throw new NextvalError("INVALID_ARGUMENT", "a transfer needs two databases, and both handles lead to the same one");
}

/** Reads the options that pair sequences and leave some out. */
function matchingOf(what: string, { schemas, renames = {}, exclude, accepted }: PlanTransferOptions) {
  checkRenames(renames);
  const exclusion = excluded(what, exclude);
  const acceptance = acceptedFindings(what, accepted, TRANSFER_CODES);
  return {
    renames,
    isExcluded: exclusion.has,
    reasonFor({ code, sequence }: TransferProblem): string | undefined {
      const known = TRANSFER_CODES.find((each) => each === code);
      return known === undefined || sequence === null ? undefined : acceptance.reasonFor(known, sequence, null);
    },
    unmatched: () => withinSchemas({ exclude: exclusion.unmatched(), accepted: acceptance.unmatched() }, schemas),
  };
}

function stepsOf(
  source: Side,
  target: Side,
  matching: ReturnType<typeof matchingOf>,
  asked: bigint,
): Pick<TransferReport, "hint" | "accepted" | "unmatched"> & { readonly steps: Step[] } {
  const { pairs, problems, accepted } = compare(source, target, matching);
  const rest = { accepted, unmatched: matching.unmatched() };
  if (problems.length > 0) {
    throw new TransferError("TRANSFER_REFUSED", problems, { sequences: [], hint: null, ...rest });
  }
  const hint = nativeReplicationHint(source.state.serverVersion, target.state.serverVersion);
  return { steps: pairs.map((pair) => stepOf(pair, asked)), hint, ...rest };
}

interface Identity extends Omit<Side, "state"> {
  /** Identifies a database. */
  readonly address: string;
}

function marginOf(what: string, given: Integer = 1000): bigint {
  const margin = readInteger(given);
  if (margin !== undefined && margin >= 0n && margin < 2n ** 63n) return margin;
  throw new NextvalError("INVALID_ARGUMENT", `${what} takes a margin from 0 to 2^63-1 values, not ${shown(given)}`);
}

async function identify(name: Side["name"], db: Source): Promise<Identity> {
  const { role, address } = await readDocument<{ role: string; address: string }>(
    db,
    sql`
      select json_build_object(
        'role', current_user,
        'address', concat(extract(epoch from pg_catalog.pg_postmaster_start_time()), ' ', current_database())
      )::text as document`,
  );
  return { name, role, address };
}

function stepOf(pair: SequencePair, asked: bigint): Step {
  const { options } = pair.target;
  const half = valuesLeft(pair.from, usableOptions(pair.target)) / 2n;
  const margin = half < asked ? half : asked;
  const goal = advance(pair.from, margin, options);
  return { pair, goal, margin, moves: !hasReached(pair.before, goal, options) };
}

function reportOf(step: Step, asked: bigint): TransferredSequence {
  const { pair, goal, margin, moves } = step;
  const { options } = pair.source;
  return {
    sequence: sequenceNameOf(pair.source),
    target: sequenceNameOf(pair.target),
    from: nextOf(pair.from, options),
    before: nextOf(pair.before, options),
    to: nextOf(moves ? goal : pair.before, options),
    margin,
    moves,
    notes: notesOf(step, asked),
  };
}

/**
 * @internal Returns PostgreSQL's own way to carry sequences, by the versions of the servers, such as 180004 for 18.4.
 */
export function nativeReplicationHint(source: number, target: number): string | null {
  const first = 190_000;
  if (source < first && target < first) return null;
  const whose = source < first || target < first ? "PostgreSQL 19 or later on both sides" : "PostgreSQL";
  return (
    `${whose} can do this by itself: CREATE PUBLICATION ... FOR ALL SEQUENCES on the source, ` +
    "then ALTER SUBSCRIPTION ... REFRESH SEQUENCES on the target"
  );
}
