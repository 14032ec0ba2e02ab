import { type Sql, sql } from "../index.js";
import { sleep } from "../internal.js";
import { type ColumnsOf, inspectedSequences, listsOf, positionUnlessLocked } from "./queries/inspected-sequences.js";
import { holdSchemas } from "./queries/powerful-reader.js";
import { readDocument, type Reading, type Source } from "./read-json.js";
import { readAgain } from "./retry-concurrent-ddl.js";

/** The position of a sequence. It is null if the role may not read it, or if another session has locked it. */
export interface SequencePosition {
  readonly oid: string;
  readonly schema: string;
  readonly seqName: string;
  readonly lastValue: bigint | null;
  readonly isCalled: boolean | null;
}

interface PositionRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly last: string | null;
  readonly called: boolean | null;
  readonly locked: boolean;
  readonly may_select: boolean;
}

/** Reads the positions of the sequences in these schemas, in one statement. */
export async function readPositions(
  db: Source,
  version: number,
  schemas: readonly string[] | undefined,
): Promise<SequencePosition[]> {
  const query = sql`
    with sequences as materialized (${inspectedSequences(version, schemas)})
    select ${listsOf(["oid", "schema", "name", "last", "called", "locked", "may_select"])}
    from (
      select s.oid::text as oid, s.nspname as schema, s.relname as name, v.last_value::text as last,
        v.is_called as called, s.locked, s.may_select
      from sequences s
      left join lateral (${positionUnlessLocked(version)}) v on true
      order by s.nspname, s.relname
    ) rows`;
  const { oid, schema, name, last, called } = await readUnlocked<PositionRow>(db, version, query);
  return (oid ?? []).map((each, index) => ({
    oid: each,
    schema: schema?.[index] as string,
    seqName: name?.[index] as string,
    lastValue: typeof last?.[index] === "string" ? BigInt(last[index]) : null,
    isCalled: called?.[index] ?? null,
  }));
}

/**
 * Reads lists that have positions of sequences. It waits a moment for locked sequences, and retries if sequences are
 * dropped or altered at the same time.
 */
export async function readUnlocked<Row extends Pick<PositionRow, "last" | "locked" | "may_select">>(
  db: Source,
  version: number,
  query: Sql,
): Promise<ColumnsOf<Row>> {
  const read = (reading?: Reading) => readAgain(() => readDocument<ColumnsOf<Row>>(db, query, reading));
  let columns = await read();
  // Most locks are released quickly. One that stays must not delay reading all other sequences.
  for (let waited = 0; waited < LOCKED_MS && columns.locked?.includes(true) === true; waited += PAUSE_MS) {
    await sleep(PAUSE_MS);
    columns = await read();
  }
  if (version < 180_000 && "begin" in db && hasUnknown(columns)) {
    // A superuser may read a name in another role's schema only while schemas cannot be renamed.
    columns = await read({ before: [holdSchemas] }).catch(() => columns);
  }
  return columns;
}

/** Whether a position is unknown although the role may read it. */
function hasUnknown(columns: ColumnsOf<Pick<PositionRow, "last" | "locked" | "may_select">>): boolean {
  const { last, locked, may_select: mayRead } = columns;
  return last?.some((value, index) => value === null && mayRead?.[index] === true && locked?.[index] !== true) ?? false;
}

/** How long to wait for locked sequences, and the pause between two attempts. */
const LOCKED_MS = 500;
const PAUSE_MS = 100;
