import { setTimeout as sleep } from "node:timers/promises";
import { bind } from "nextval";
import { planResync, type ResyncReport } from "nextval/operate";
import type postgres from "postgres";
import { expect } from "vitest";
import { attack } from "../support/attacks/attack.js";
import type { Random } from "../support/attacks/random.js";
import { useDatabase } from "../support/database.js";
import { resync } from "../support/resync.js";

const TABLES = 8;
const INSERTS_AFTERWARDS = 3;

const database = useDatabase();

const GREATEST = { smallint: 2n ** 15n - 1n, integer: 2n ** 31n - 1n, bigint: 2n ** 63n - 1n };

/** A table whose key is fed by a sequence. */
interface Fed {
  readonly table: string;
  readonly sequence: string;
  readonly increment: bigint;
  readonly least: bigint;
  readonly greatest: bigint;
  readonly cycle: boolean;
}

async function createTable(client: postgres.Sql, random: Random, table: string): Promise<Fed> {
  const type = random.pick(["smallint", "integer", "bigint"] as const);
  const increment = random.pick([1, 1, 2, 7, -1, -3]);
  const [lower, upper] = random.pick([
    [1, Number(2n ** 15n - 1n)],
    [-(2 ** 15), -1],
    [random.between(-60, 1), random.between(20, 90)],
    [random.between(-400, -100), random.between(100, 400)],
  ]);
  const cycle = random.chance(0.15);
  const start = random.chance(0.5) ? (increment > 0 ? lower : upper) : random.between(lower, upper);
  const options = [
    `increment by ${increment} minvalue ${lower} maxvalue ${upper} start with ${start}`,
    `cache ${random.pick([1, 1, 4])} ${cycle ? "cycle" : "no cycle"}`,
  ].join(" ");
  let sequence = `${table}_id_seq`;
  const kind = random.pick(["always", "by default", "default", "owned"]);
  if (kind === "always" || kind === "by default") {
    await client.unsafe(`create table ${table} (id ${type} generated ${kind} as identity (${options}) primary key)`);
  } else {
    sequence = `${table}_own`;
    await client.unsafe(`create sequence ${sequence} ${options}`);
    await client.unsafe(`create table ${table} (id ${type} primary key default nextval('${sequence}'))`);
    if (kind === "owned") await client.unsafe(`alter sequence ${sequence} owned by ${table}.id`);
  }
  const [least, greatest] = [BigInt(lower), BigInt(upper)];
  const limit = GREATEST[type];
  return {
    table,
    sequence,
    increment: BigInt(increment),
    least: least < -limit - 1n ? -limit - 1n : least,
    greatest: greatest > limit ? limit : greatest,
    cycle,
  };
}

/** Draws a few, and imports rows with keys of their own: most of them ahead of the sequence, some between its steps. */
async function fill(client: postgres.Sql, random: Random, fed: Fed): Promise<void> {
  for (let draws = random.between(0, 3); draws > 0; draws--) await insert(client, fed);
  const next = await nextOf(client, fed);
  const step = Number(fed.increment);
  const spread = random.pick([3, 20, 200]);
  const ids = Array.from({ length: random.pick([0, 1, 5, 40]) }, () => {
    const steps = random.between(-2, spread);
    return Number(next) + steps * step + (random.chance(0.2) ? random.between(-3, 3) : 0);
  });
  // An odd one far away, or at the very end.
  if (random.chance(0.2)) ids.push(Number(random.pick([fed.least, fed.greatest])));
  const rows = ids.filter((id) => Math.abs(id) < 32_768).map((id) => `(${id})`);
  if (rows.length === 0) return;
  await client.unsafe(`insert into ${fed.table} overriding system value values ${rows.join()} on conflict do nothing`);
}

async function insert(client: postgres.Sql, { table }: Fed): Promise<string> {
  return client.unsafe(`insert into ${table} default values returning id`).then(
    () => "inserted",
    (error: { code: string }) => error.code,
  );
}

/** The next value of the sequence, by its row. */
async function nextOf(client: postgres.Sql, { sequence, increment }: Fed): Promise<bigint> {
  const [row] = await client.unsafe(`select last_value, is_called from ${sequence}`);
  return BigInt(row!["last_value"]) + (row!["is_called"] ? increment : 0n);
}

/** Computes from all rows what resync has to do: the value to move to, or the reason why there is none. */
async function expected(client: postgres.Sql, fed: Fed): Promise<bigint | "stays" | "skipped" | "fails"> {
  const { table, increment, least, greatest, cycle } = fed;
  let next = await nextOf(client, fed);
  const rows = (await client.unsafe(`select id from ${table}`)).map(({ id }) => BigInt(id));
  if (cycle) {
    // It moves only if the next insert would fail: past the last row, if a value is there.
    if (next < least || next > greatest) next = increment > 0n ? least : greatest;
    if (!rows.includes(next)) return "skipped";
    let past = next;
    while (rows.some((id) => id >= least && id <= greatest && (id - past) * increment >= 0n)) past += increment;
    return past >= least && past <= greatest ? past : "skipped";
  }
  const ahead = rows
    .filter((id) => id >= least && id <= greatest && (id - next) % increment === 0n && (id - next) / increment >= 0n)
    .map((id) => (id - next) / increment)
    .sort((one, other) => Number(one - other));
  if (ahead.length === 0) return "stays";
  const free = ahead[0]!;
  const behind = next + (ahead.at(-1)! + 1n) * increment;
  const left = increment > 0n ? greatest - behind : behind - least;
  const leftBehind = left < 0n ? 0n : left / (increment > 0n ? increment : -increment) + 1n;
  if (free > leftBehind) return "skipped";
  return leftBehind === 0n ? "fails" : behind;
}

function outcomeOf(
  { moves, failures, skips }: ResyncReport,
  { sequence }: Fed,
): bigint | "stays" | "skipped" | "fails" {
  const isIts = (each: { sequence: { name: string } }) => each.sequence.name === sequence;
  const move = moves.find(isIts);
  if (move !== undefined) return move.to;
  const failure = failures.find(isIts);
  if (failure !== undefined) {
    expect(failure.error).toMatchObject({ code: "SEQUENCE_OUT_OF_BOUNDS" });
    return "fails";
  }
  return skips.some(isIts) ? "skipped" : "stays";
}

attack("resync: inserts succeed behind it, and no sequence goes back", async ({ random, count }) => {
  // Every statement has its own names, so the connections are not kept.
  const client = database.connect({ max: 1 });
  await client`drop schema public cascade`;
  await client`create schema public`;
  const all: Fed[] = [];
  for (let table = 1; table <= TABLES; table++) {
    const fed = await createTable(client, random, `t${table}`);
    await fill(client, random, fed);
    all.push(fed);
  }
  const before = new Map<Fed, bigint>();
  for (const fed of all) before.set(fed, await nextOf(client, fed));

  const isBusy = random.chance(0.5);
  const wanted = new Map<Fed, Awaited<ReturnType<typeof expected>>>();
  for (const fed of all) wanted.set(fed, await expected(client, fed));
  const dry = await planResync(bind(client));
  for (const fed of all) expect(outcomeOf(dry, fed), fed.table).toBe(wanted.get(fed));

  let isDone = false;
  const workers = Array.from({ length: isBusy ? 3 : 0 }, async (_, worker) => {
    const own = database.connect({ max: 1 });
    const choices = random.fork();
    while (!isDone) {
      const fed = choices.pick(all);
      // Some draw, and insert a little later in the same transaction.
      if (worker === 0) {
        await own
          .begin(async (tx) => {
            const [row] = await tx.unsafe(`select nextval('${fed.sequence}') as id`);
            await sleep(choices.between(0, 5));
            await tx.unsafe(`insert into ${fed.table} overriding system value values (${row!["id"]})`);
          })
          .then(
            () => count("concurrent inserts"),
            ({ code }: { code: string }) => expect(code).toMatch(/^(23505|2200H|22003)$/),
          );
      } else {
        const outcome = await insert(own, fed);
        expect(outcome).toMatch(/^(inserted|23505|2200H|22003)$/);
        if (outcome === "inserted") count("concurrent inserts");
      }
    }
    await own.end({ timeout: 1 });
  });
  const report = await resync(bind(client)).finally(() => {
    isDone = true;
  });
  await Promise.all(workers);

  for (const fed of all) {
    const { table, increment, cycle } = fed;
    const drawn = { ...fed, next: before.get(fed) };
    const what = `${table}: ${JSON.stringify(drawn, (_, v) => (typeof v === "bigint" ? `${v}` : v))}`;
    const outcome = outcomeOf(report, fed);
    if (!isBusy) expect(outcome, what).toBe(wanted.get(fed));
    count(typeof outcome === "bigint" ? "moves" : outcome);
    const moved = (await nextOf(client, fed)) - before.get(fed)!;
    if (!cycle) expect(moved * increment >= 0n, `${what} was moved back by ${moved}`).toBe(true);
    if (!cycle && !isBusy && typeof outcome !== "bigint") expect(moved, what).toBe(0n);
    // Concurrent draws may use up the free part of a range in which a sequence was left.
    if (cycle || outcome === "fails" || (outcome === "skipped" && isBusy)) continue;
    // A connection that has reserved nothing draws what comes next. In a free part there is one value at least.
    const fresh = database.connect({ max: 1 });
    for (let inserts = outcome === "skipped" ? 1 : INSERTS_AFTERWARDS; inserts > 0; inserts--) {
      expect(await insert(fresh, fed), what).toMatch(/^(inserted|2200H|22003)$/);
      count("inserts afterwards");
    }
    await fresh.end({ timeout: 1 });
  }
  await client.end({ timeout: 1 });
});
