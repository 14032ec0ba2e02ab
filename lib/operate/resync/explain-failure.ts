import { NextvalError, sql } from "../../index.js";
import { shown } from "../../internal.js";
import { nameOf, type SequenceName, shownName, titleOf } from "../../server/names.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { sqlStateOf } from "../../server/sqlstate.js";
import type { FedColumn } from "../columns/fed-columns.js";

/** Explains why a sequence was not moved, with advice. Returns the server's error if no advice is known. */
export async function explainFailure(
  db: Source,
  error: unknown,
  sequence: SequenceName,
  columns: readonly FedColumn[],
  waited: string,
): Promise<Error> {
  if (!(error instanceof Error)) return new Error(shown(error));
  const name = nameOf({ schema: sequence.schema, seqName: sequence.name });
  type Code = "LOCK_TIMEOUT" | "DEADLOCK" | "PERMISSION_DENIED" | "READ_ONLY" | "COLUMN_NOT_COMPARED";
  const because = (code: Code, hint: string) =>
    new NextvalError(code, `${titleOf(sequence)}: not moved: ${error.message}`, { sequence: name, cause: error, hint });
  const onPrimary = () => because("READ_ONLY", "Run resync on the primary.");
  switch (sqlStateOf(error)) {
    case "55P03": {
      const hint =
        `A transaction that drew from it, or locked its table, took longer than ${waited}: ` +
        "find it in pg_locks, or raise lockTimeout.";
      return because("LOCK_TIMEOUT", hint);
    }
    case "40P01":
      return because("DEADLOCK", "Run resync again.");
    case "42501": {
      const owner = columns[0]?.owner ?? "its owner";
      return because(
        "PERMISSION_DENIED",
        `Run resync as ${shownName(owner)}, who owns the sequence, with SELECT on its columns.`,
      );
    }
    case "57014":
      return because(
        "COLUMN_NOT_COMPARED",
        "If reading its columns took too long, look for functions in the indexes and checks of their tables.",
      );
    case "25006":
      return onPrimary();
    case "0A000":
      // A standby refuses a transaction that may write with this code, which other unsupported features share.
      return (await isStandby(db)) ? onPrimary() : error;
    default:
      return error;
  }
}

async function isStandby(db: Source): Promise<boolean> {
  try {
    return await readDocument<boolean>(db, sql`select to_json(pg_catalog.pg_is_in_recovery())::text`);
  } catch {
    return false;
  }
}
