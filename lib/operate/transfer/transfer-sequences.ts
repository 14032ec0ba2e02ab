import { inspectSequences } from "../../catalog/index.js";
import { type Database, NextvalError, sql } from "../../index.js";
import { optionsOf } from "../../internal.js";
import { checkLockTimeout, DEFAULT_LOCK_TIMEOUT_MS, setLockTimeout } from "../../server/lock-timeout.js";
import { excluded } from "../../server/name-patterns.js";
import { type SequenceName, sequenceNameOf } from "../../server/names.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { sqlStateOf } from "../../server/sqlstate.js";
import { type AcceptedFinding, acceptedFindings, type Unmatched, withinSchemas } from "../accepted-findings.js";
import { advance, hasReached, nextOf, usableOptions, valuesLeft } from "../arithmetic/position.js";
import { TRANSFER_CODES } from "../finding-codes.js";
import { compare, type SequencePair, type Side } from "./compare-databases.js";
import { checkRenames } from "./rename-pairs.js";
import { lockTarget, inspectHeld, advanceTarget, type Step, verify } from "./set-target.js";
import { notesOf } from "./step-notes.js";
import type { AcceptableTransferCode, AcceptedTransferProblem, TransferProblem } from "./transfer-problem.js";

/** Options of `planTransfer`. */
export interface TransferOptions {
  /** The schemas whose sequences are carried. Default: all except the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /** The sequences to leave out, as `name` or `schema.name`. `*` stands for any characters. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * The problems that are known and accepted, each with a reason. Their sequences are left out of the transfer, and are
   * in `accepted` of the report.
   */
  readonly accepted?: readonly AcceptedFinding<AcceptableTransferCode>[] | undefined;
  /**
   * How many values each sequence of the target skips, from 0 to 2^63-1. Default: 1000, which is 1000 times the
   * increment.
   *
   * Values that are drawn from the source after it was read then do no harm. At most half of the values that remain are
   * skipped, until the end of the sequence or of a column that it feeds. The report says if fewer are skipped than
   * asked for.
   */
  readonly margin?: number | bigint | undefined;
  /**
   * Maps names on the source to names on the target, of sequences that are called differently there. A name without a
   * schema is in the default schema. Its parts may be in double quotes, as in SQL.
   *
   * ```ts
   * { order_seq: "sales.order_seq", a_seq: "b_seq", b_seq: "a_seq" }
   * ```
   */
  readonly renames?: Readonly<Record<string, string>> | undefined;
}

/** Options of `applyTransfer`. */
export interface ApplyTransferOptions {
  /**
   * How long to wait for each lock on the target, in milliseconds, from 0 to 2147483647. Default: 5000; 0 waits
   * forever.
   */
  readonly lockTimeout?: number | undefined;
}

/** A sequence of a transfer. Each value is the one that `nextval` returns next; null if none is left. */
export interface TransferredSequence {
  readonly sequence: SequenceName;
  /** Its name on the target, which differs if it is renamed. */
  readonly target: SequenceName;
  /** The next value on the source. */
  readonly from: bigint | null;
  /** The next value on the target before the transfer. */
  readonly before: bigint | null;
  /** The next value on the target after the transfer. */
  readonly to: bigint | null;
  /** How many values are skipped. It is fewer than asked for if the end is near. */
  readonly margin: bigint;
  /** Whether the transfer sets the target. It does not if the target is far enough. */
  readonly moves: boolean;
  /** Notes about this sequence for the operator, in sentences. */
  readonly notes: readonly string[];
}

/** The result of `applyTransfer`. */
export interface TransferReport {
  /** The sequences, sorted by schema and name. */
  readonly sequences: readonly TransferredSequence[];
  /** PostgreSQL's own way to do this if a side is version 19 or later, and else null. */
  readonly hint: string | null;
  /** The accepted problems. Their sequences are left out. */
  readonly accepted: readonly AcceptedTransferProblem[];
  /** The entries of `exclude` and `accepted` that match nothing, and so may be mistyped or no longer needed. */
  readonly unmatched: Unmatched<AcceptableTransferCode>;
}

/** The result of `planTransfer`. It is plain data, so you can keep it as JSON with `toJson`. */
export interface TransferPlan extends TransferReport {
  /** The options of the plan, which `applyTransfer` uses. */
  readonly options: TransferOptions;
}

/**
 * Compares the sequences of two databases, and plans to carry the position of each from one to the other. Changes
 * nothing; `applyTransfer` does.
 *
 * ```ts
 * const plan = await planTransfer(bind(oldClient), bind(newClient));
 * plan.sequences[0];
 * // { sequence: { schema: "public", name: "orders_id_seq" }, from: 5001n, before: 1n, to: 6001n, margin: 1000n,
 * //   moves: true, notes: [] }
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
  options?: TransferOptions,
): Promise<TransferPlan> {
  const wanted = optionsOf("planTransfer", options, ["schemas", "exclude", "accepted", "margin", "renames"]);
  const { schemas } = wanted;
  const asked = marginOf(wanted.margin);
  const matching = matchingOf("planTransfer", wanted);
  const [source, target] = [await identify("source", from), await identify("target", to)];
  refuseSame(source, target);
  const { steps, ...rest } = stepsOf(
    { ...source, state: await inspectSequences(from, { schemas }) },
    { ...target, state: await inspectSequences(to, { schemas }) },
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
 * Throws `TRANSFER_REFUSED` as `planTransfer` does, and `LOCK_TIMEOUT`, with nothing set. Throws `TRANSFER_INCOMPLETE`
 * (a `TransferError`) if a sequence of the target is behind the value that it was set to, because another session has
 * called `setval`. `error.report` has what was found. Source: "Sequence Manipulation Functions".
 */
export async function applyTransfer(
  from: Source,
  to: Pick<Database, "begin">,
  plan: TransferPlan,
  options?: ApplyTransferOptions,
): Promise<TransferReport> {
  const { lockTimeout = DEFAULT_LOCK_TIMEOUT_MS } = optionsOf("applyTransfer", options, ["lockTimeout"]);
  checkLockTimeout("applyTransfer", lockTimeout);
  if (!Array.isArray(plan?.sequences) || typeof plan.options !== "object") {
    throw new NextvalError("INVALID_ARGUMENT", "applyTransfer takes a plan that planTransfer made");
  }
  const { schemas, margin } = plan.options;
  const asked = marginOf(margin);
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
    const read = await inspectSequences(from, { schemas });
    const held = await inspectHeld(tx, schemas);
    const { steps, ...rest } = stepsOf({ ...source, state: read }, { ...target, state: held }, matching, asked);
    const report = (done: readonly Step[]) => ({ sequences: done.map((step) => reportOf(step, asked)), ...rest });
    const behind = steps.filter(({ moves }) => moves);
    if (behind.length === 0) return report(steps);
    const set = await advanceTarget(tx, behind);
    const { overtaken, problems } = verify(behind, set, await inspectSequences(tx, { schemas }));
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

/**
 * The error `TRANSFER_REFUSED`, with every reason against the transfer, or `TRANSFER_INCOMPLETE`: sequences of the
 * target are not at the values that they were set to.
 */
export class TransferError extends NextvalError {
  readonly problems: readonly TransferProblem[];
  /** The sequences that were found, and those that were set; no sequences if the transfer was refused. */
  readonly report: TransferReport;

  constructor(
    code: "TRANSFER_REFUSED" | "TRANSFER_INCOMPLETE",
    problems: readonly TransferProblem[],
    report: TransferReport,
  ) {
    const what = code === "TRANSFER_REFUSED" ? "nothing was transferred" : "another session has changed the target";
    super(code, `${what}:\n${problems.map(({ message }) => message).join("\n")}`);
    this.problems = problems;
    this.report = report;
  }
}

function refuseSame(source: Identity, target: Identity): void {
  if (target.address !== source.address) return;
  throw new NextvalError("INVALID_ARGUMENT", "a transfer needs two databases, and both handles lead to the same one");
}

/** Reads the options that pair sequences and leave some out. */
function matchingOf(what: string, { schemas, renames = {}, exclude, accepted }: TransferOptions) {
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

function marginOf(given: number | bigint = 1000): bigint {
  if (typeof given === "bigint" || Number.isSafeInteger(given)) {
    const margin = BigInt(given);
    if (margin >= 0n && margin < 2n ** 63n) return margin;
  }
  throw new NextvalError(
    "INVALID_ARGUMENT",
    `planTransfer takes a margin from 0 to 2^63-1 values, not ${String(given)}`,
  );
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
