import type { SequenceLike } from "../../../types/sequence-options.js";
import { optionsOf } from "../../option-object.js";
import { decoderOf, nextval } from "../../sequence/functions.js";
import { resolveOptions } from "../../sequence/resolve-options.js";
import { throwSequenceError } from "../../sequence/sequence-name.js";
import { sequenceOf, type ValueOf } from "../../sequence/sequence.js";
import type { Sql } from "../../sql/fragment.js";
import { addAwaiting } from "../../sql/origin.js";
import { tag } from "../../sql/tag.js";
import type { PendingDraws } from "../running/scope.js";
import type { SmallSet } from "../running/small-set.js";
import { fillValues } from "./fill-values.js";

/** Options of {@link Queryable.nextval} and {@link Queryable.nextvals}. */
export interface DrawOptions {
  /**
   * Whether a draw waits for the server's log, so a crash cannot make its values come again. Default: true, which costs
   * a flush of the log per statement. If false, a crash may make a drawn value come again, unless the transaction that
   * drew it has written a row.
   *
   * Inside a transaction the wait is at its commit. Until then, and after a rollback, a crash may make the value come
   * again: do not pass it on before.
   */
  readonly durable?: boolean | undefined;
}

function batchOf(sequence: SequenceLike, durable: boolean): Batch {
  let resolve!: Batch["resolve"];
  let reject!: Batch["reject"];
  const values = new Promise<readonly unknown[]>((take, refuse) => {
    resolve = take;
    reject = refuse;
  });
  return { sequence, durable, count: 0, values, resolve, reject };
}

function isDurable(what: string, options: DrawOptions | undefined): boolean {
  return options === undefined || (optionsOf(what, options, DRAW_OPTIONS).durable ?? true);
}

const DRAW_OPTIONS = ["durable"] as const;

/** The most values that a JavaScript array can hold and a `generate_series` of integers can count. */
const MAX_COUNT = 2_147_483_647;

/** The most values that one statement draws, because an array on the server holds at most 1 GB. */
const MAX_PER_STATEMENT = 10_000_000;

/**
 * Makes a transaction wait for the disk, by writing a message to the server's log. The log has a record of a sequence
 * only every 32 values, and only the transaction that wrote that record waits otherwise. With `synchronous_commit` off
 * no transaction waits, so it is turned on for this one. Source: `SEQ_LOG_VALS` in `sequence.c`;
 * "pg_logical_emit_message".
 */
const waitForLog = tag`
  pg_catalog.pg_logical_emit_message(true, 'nextval', coalesce(
    case when pg_catalog.current_setting('synchronous_commit') operator(pg_catalog.=) 'off'
      then pg_catalog.set_config('synchronous_commit', 'local', true) end, ''))`;

/** Calls for one sequence that will share one statement. */
interface Batch {
  readonly sequence: SequenceLike;
  readonly durable: boolean;
  /** The number of calls. */
  count: number;
  /** The values, in the order of the calls. */
  readonly values: Promise<readonly unknown[]>;
  readonly resolve: (values: readonly unknown[]) => void;
  readonly reject: (reason: unknown) => void;
}

/** @internal Runs a statement and returns its rows as the texts that the server sent. */
export interface TextRows {
  rows(fragment: Sql): Promise<(string | null)[][]>;
}

/**
 * @internal Draws values on a connection or a pool. Single draws of one tick share a statement, in the order of their
 * calls.
 */
export class Draws {
  readonly #server: TextRows;
  /** All draws of the session that wait to be sent. */
  readonly #pending: SmallSet<PendingDraws>;
  #batches: Batch[] = [];

  constructor(server: TextRows, pending: SmallSet<PendingDraws>) {
    this.#server = server;
    this.#pending = pending;
  }

  async next<Sequence extends SequenceLike>(
    sequence: Sequence,
    options: DrawOptions | undefined,
  ): Promise<ValueOf<Sequence>> {
    const durable = isDurable("nextval", options);
    let batch = this.#batches.find((each) => each.sequence === sequence && each.durable === durable);
    if (batch === undefined) {
      batch = batchOf(sequence, durable);
      if (this.#batches.push(batch) === 1) {
        this.#pending.add(this);
        void Promise.resolve().then(() => this.sendPending());
      }
    }
    const place = batch.count++;
    try {
      return (await batch.values)[place] as ValueOf<Sequence>;
    } catch (error) {
      throw addAwaiting(error);
    }
  }

  /**
   * Sends the waiting draws. Called at the end of the tick, and before any other statement of a session, which may read
   * their values.
   */
  sendPending(): void {
    const batches = this.#batches;
    this.#batches = [];
    this.#pending.delete(this);
    for (const batch of batches) this.#drawFor(batch).then(batch.resolve, batch.reject);
  }

  async #drawFor({ sequence, durable, count }: Batch): Promise<readonly unknown[]> {
    if (count > 1) return this.many(sequence, count, { durable });
    const draw = durable ? tag`select ${nextval(sequence)}, ${waitForLog}` : tag`select ${nextval(sequence)}`;
    const [row] = await this.#server.rows(draw);
    return [decoderOf(sequence)(row?.[0] as string)];
  }

  async many<Sequence extends SequenceLike>(
    sequence: Sequence,
    count: number,
    options?: DrawOptions,
  ): Promise<ValueOf<Sequence>[]> {
    const durable = isDurable("nextvals", options);
    if (!Number.isInteger(count) || count < 0 || count > MAX_COUNT) {
      throwSequenceError(
        sequenceOf(sequence),
        `nextvals draws a whole number of values from 0 to ${MAX_COUNT}, not ${count}`,
      );
    }
    const values: ValueOf<Sequence>[][] = [];
    for (let left = count; left > 0; left -= MAX_PER_STATEMENT) {
      values.push(await this.#atOnce(sequence, Math.min(left, MAX_PER_STATEMENT), durable));
    }
    return values.length === 1 ? (values[0] as ValueOf<Sequence>[]) : values.flat();
  }

  async #atOnce<Sequence extends SequenceLike>(
    sequence: Sequence,
    count: number,
    durable: boolean,
  ): Promise<ValueOf<Sequence>[]> {
    const { increment, cycle } = resolveOptions(sequence);
    const span = increment * BigInt(count);
    if (cycle || BigInt.asIntN(62, span) !== span) return this.#plain(sequence, count, durable);
    const [row] = await this.#server.rows(runsOf(nextval(sequence), count, increment, durable));
    return expand(sequence, count, row as string[]);
  }

  /**
   * Draws one row per value. For sequences that may cycle, and for steps so wide that arithmetic with them would
   * overflow.
   */
  async #plain<Sequence extends SequenceLike>(
    sequence: Sequence,
    count: number,
    durable: boolean,
  ): Promise<ValueOf<Sequence>[]> {
    const draw = nextval(sequence);
    const draws = durable
      ? tag`select ${draw}, case when n operator(pg_catalog.=) 1 then ${waitForLog} end
          from pg_catalog.generate_series(1, ${count}::integer) as n`
      : tag`select ${draw} from pg_catalog.generate_series(1, ${count}::integer)`;
    return (await this.#server.rows(draws)).map(([text]) => draw.decode(text as string) as ValueOf<Sequence>);
  }
}

/**
 * Draws values, and returns them as runs of equal distance: the position at which each run begins, and its base
 * `v - n * increment`. So each value is known exactly, even if other sessions alter, set or draw from the sequence at
 * the same time. There is nearly always one run, and then only its base is read. Comparing all bases in the array takes
 * less time than two more aggregates would.
 *
 * Every function, operator and type is that of `pg_catalog`, whatever the caller's `search_path` is. IS DISTINCT FROM
 * cannot name its operator, so the statement avoids it.
 */
function runsOf(draw: Sql, count: number, increment: bigint, durable: boolean): Sql {
  const distance = increment === 1n ? tag`n` : tag`(n operator(pg_catalog.*) ${increment}::bigint)`;
  const runs = tag`
    from (
      select base, place, pg_catalog.lag(base) over (order by place) as before
      from (
        select case when every_base[1] operator(pg_catalog.=) all (every_base)
          then every_base[1:1] else every_base end as bases
        from (
          select pg_catalog.array_agg(${draw} operator(pg_catalog.-) ${distance}) as every_base
          from (select pg_catalog.generate_series(0, ${count - 1}::integer) as n) as places
        ) as drawn
      ) as all_bases, pg_catalog.unnest(bases) with ordinality as each_base (base, place)
    ) as steps
    where before is null or base operator(pg_catalog.<>) before`;
  const places = tag`pg_catalog.array_agg(place operator(pg_catalog.-) 1 order by place)::pg_catalog.text`;
  const columns = tag`${places}, pg_catalog.array_agg(base order by place)::pg_catalog.text`;
  return durable ? tag`select ${columns}, ${waitForLog} ${runs}` : tag`select ${columns} ${runs}`;
}

/** Splits the text of an array of integers: `{0,17}`. */
function itemsOf(array: string): string[] {
  return array.slice(1, -1).split(",");
}

function expand<Sequence extends SequenceLike>(
  sequence: Sequence,
  count: number,
  [places = "", bases = ""]: readonly string[],
): ValueOf<Sequence>[] {
  const { increment, mode } = resolveOptions(sequence);
  const begins = itemsOf(places).map(Number);
  const values = new Array<unknown>(count);
  itemsOf(bases).forEach((base, run) => {
    const from = begins[run] as number;
    const end = begins[run + 1] ?? count;
    const first = BigInt(base) + BigInt(from) * increment;
    if (mode === "number") {
      // If the first and the last value are exact as numbers, so are those in between.
      const decode = decoderOf(sequence);
      decode(`${first}`);
      decode(`${first + BigInt(end - 1 - from) * increment}`);
    }
    fillValues[mode](values, from, end, first, increment);
  });
  return values as ValueOf<Sequence>[];
}
