import { inspect } from "../../catalog/index.js";
import { type Database, NextvalError, sql } from "../../index.js";
import { optionsOf } from "../../option-object.js";
import { advance, hasReached, nextOf, roomOf, valuesLeft } from "../arithmetic/position.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { compare, type Pair, type Side } from "./compare-databases.js";
import { holdTarget, setWhereBehind, type Step, verify } from "./set-target.js";

export interface TransferOptions {
  /** Carry the sequences of these schemas only. Default: all but the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /**
   * How many values each sequence of the target leaves out, from 0 to 2^63-1, so that what is drawn from the source after it
   * was read does no harm. Default: 1000, which is 1000 times the increment. It takes at most half of the values that are left
   * until the sequence, or a column that it feeds, has no more; the report says where it takes fewer than asked for.
   */
  readonly margin?: number | bigint | undefined;
  /** Do all checks, and set nothing: the report says what would be set. Default: false. */
  readonly dryRun?: boolean | undefined;
}

/** What became of one sequence. Each value is the one that `nextval` gives next; null where there is none left. */
export interface TransferredSequence {
  /** `schema.name` */
  readonly sequence: string;
  /** On the source. */
  readonly from: bigint | null;
  /** On the target, afterwards; with `dryRun`, what it would be. */
  readonly to: bigint | null;
  /** On the target, before. */
  readonly before: bigint | null;
  /** How many values it leaves out: fewer than asked for where the end is near. */
  readonly margin: bigint;
  /** Whether the target was behind, and so was set. */
  readonly moved: boolean;
  /** What somebody should know about it, in sentences. */
  readonly notes: readonly string[];
}

export interface TransferReport {
  /** By schema and name. */
  readonly sequences: readonly TransferredSequence[];
  /** What PostgreSQL has for this itself, where a side is version 19 or later; else null. */
  readonly hint: string | null;
}

/**
 * Carries the position of every sequence from one database to another, for a cutover or a major upgrade by logical
 * replication, which before PostgreSQL 19 carries the rows and leaves the sequences where they were. Serial, identity and
 * plain sequences are carried, unlogged ones included; those of extensions are left to their extensions.
 *
 * ```ts
 * // Nothing is written to the source any more, and the target has caught up.
 * const { sequences } = await transfer(bind(oldClient), bind(newClient));
 * sequences[0]; // { sequence: "public.orders_id_seq", from: 5001n, to: 6001n, before: 1n, margin: 1000n, moved: true, notes: [] }
 * ```
 *
 * The target never moves backwards, so it can be run again: a second run carries what was drawn meanwhile. What sessions of
 * the source hold in their caches counts as drawn. A sequence that cycles is not carried across its end; where its target is
 * ahead of its source, one of them may have come round, and the report says so.
 *
 * It is one transaction on the target: all sequences are checked, then set by one statement, then read again. Yet `setval` is
 * not undone by a rollback: what was set before a connection broke stays set, and running it again is the cure. Sessions of the
 * target that hold values in their caches have to connect anew.
 *
 * Other transfers to the same target wait for this one, and so does whoever alters one of its sequences, or `resync`. Each is
 * set only where it is behind at that moment, as the statement that sets it reads it once more. No lock that a role without
 * ownership may take keeps others from drawing, or from `setval`, between this reading and this setting, some microseconds: so
 * nobody should draw meanwhile from a target that may be as far as its source.
 *
 * Throws `TRANSFER_REFUSED`, with nothing set, when a sequence is on one side only, when type, bounds, increment or cycle
 * differ, and when the connected role may not read or set one; the message names all of them. Throws `TRANSFER_NOT_REACHED`
 * when the target is found behind what it was set to, which takes somebody else's `setval`.
 *
 * Sources: "Logical Replication", section "Restrictions"; "Sequence Manipulation Functions".
 */
export async function transfer(
  from: Source,
  to: Pick<Database, "begin">,
  options?: TransferOptions,
): Promise<TransferReport> {
  const { schemas, margin, dryRun = false } = optionsOf("transfer", options);
  const asked = marginOf(margin);
  const source = await look("source", from, schemas);
  return to.begin(async (tx) => {
    if (!dryRun) await holdTarget(tx, schemas);
    const target = await look("target", tx, schemas);
    if (target.address === source.address) {
      throw new NextvalError("INVALID_OPTIONS", "transfer needs two databases, and both handles lead to the same one");
    }
    const { pairs, problems } = compare(source, target);
    if (problems.length > 0) {
      throw new NextvalError("TRANSFER_REFUSED", `nothing was transferred:\n${problems.join("\n")}`);
    }
    const steps = pairs.map((pair) => stepOf(pair, asked));
    const moving = steps.filter(({ moved }) => moved);
    let done: readonly Step[] = steps;
    if (!dryRun && moving.length > 0) {
      const set = await setWhereBehind(tx, moving);
      const overtaken = verify(moving, set, await inspect(tx, { schemas }));
      done = steps.map((step) => overtaken.get(step) ?? step);
    }
    const hint = builtInWay(source.state.serverVersion, target.state.serverVersion);
    return { sequences: done.map((step) => reportOf(step, asked)), hint };
  });
}

function marginOf(given: number | bigint = 1000): bigint {
  if (typeof given === "bigint" || Number.isSafeInteger(given)) {
    const margin = BigInt(given);
    if (margin >= 0n && margin < 2n ** 63n) return margin;
  }
  throw new NextvalError("INVALID_OPTIONS", `transfer takes a margin from 0 to 2^63-1 values, not ${String(given)}`);
}

async function look(
  name: Side["name"],
  db: Source,
  schemas: readonly string[] | undefined,
): Promise<Side & { readonly address: string }> {
  const { role, address } = await readDocument<{ role: string; address: string }>(
    db,
    sql`
      select json_build_object(
        'role', current_user,
        'address', concat(extract(epoch from pg_catalog.pg_postmaster_start_time()), ' ', current_database())
      )::text as document`,
  );
  return { name, role, address, state: await inspect(db, { schemas }) };
}

function stepOf(pair: Pair, asked: bigint): Step {
  const { options } = pair.target;
  const half = valuesLeft(pair.from, roomOf(pair.target)) / 2n;
  const margin = half < asked ? half : asked;
  const goal = advance(pair.from, margin, options);
  return { pair, goal, margin, moved: !hasReached(pair.before, goal, options) };
}

function reportOf(step: Step, asked: bigint): TransferredSequence {
  const { pair, goal, margin, moved } = step;
  const { options } = pair.source;
  return {
    sequence: pair.name,
    from: nextOf(pair.from, options),
    to: nextOf(moved ? goal : pair.before, options),
    before: nextOf(pair.before, options),
    margin,
    moved,
    notes: [...endIsNear(step, asked), ...hasComeRound(step), ...cachesLeft(step)],
  };
}

function endIsNear({ pair: { from, target }, margin }: Step, asked: bigint): string[] {
  if (margin === asked) return [];
  const room = roomOf(target);
  const end = room.increment > 0n ? room.maxValue : room.minValue;
  const left = `${valuesLeft(from, room)} values are left until ${room.cycle ? "it comes round" : "its end"} at ${end}`;
  return [`${left}: the margin is ${margin} instead of ${asked}`];
}

function hasComeRound({ pair: { before, target }, goal, moved }: Step): string[] {
  if (!target.options.cycle || moved || hasReached(goal, before, target.options)) return [];
  return [
    "it cycles, and the target is ahead of the source, so it was left where it is; " +
      "if the source has come round since an earlier transfer, set the target with setval",
  ];
}

function cachesLeft({ pair: { before, target }, moved }: Step): string[] {
  const { cache } = target.options;
  if (!moved || cache === 1n || !before.called) return [];
  return [
    `sessions of the target that have drawn from it may each hold up to ${cache - 1n} values from before; ` +
      "let them connect anew before they insert",
  ];
}

/** @internal What to say of the servers' own way, by their versions, as 180004 for 18.4. */
export function builtInWay(source: number, target: number): string | null {
  const first = 190_000;
  if (source < first && target < first) return null;
  const whose = source < first || target < first ? "PostgreSQL 19 or later on both sides" : "PostgreSQL";
  return (
    `${whose} can do this by itself: CREATE PUBLICATION ... FOR ALL SEQUENCES on the source, ` +
    "then ALTER SUBSCRIPTION ... REFRESH SEQUENCES on the target"
  );
}
