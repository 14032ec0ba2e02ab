import { type BlockReading, NextvalError, type SequenceLike } from "../index.js";
import type { SequenceName } from "../server/name-shapes.js";

/** Permission to read more than tables that run no code. */
export interface Trust {
  /**
   * Whether to read views and foreign tables, which run their owners' code as the connected role. Default: false;
   * columns in them are then not compared.
   */
  readonly views?: boolean | undefined;
  /**
   * Roles whose code may run as the connected role. Default: none.
   *
   * It only matters if the connected role is a superuser or can become one: as a member of a superuser, or of a role
   * that may run programs, or read or write files, on the server. Tables of superusers and of the role that has logged
   * in are always read.
   */
  readonly trustOwners?: readonly string[] | undefined;
}

/**
 * The progress of a long operation, as `onProgress` of {@link sequenceStatus}, {@link planResync} and
 * {@link applyResync} gets it.
 */
export interface Progress {
  /** How many columns or sequences are done. */
  readonly done: number;
  /** How many columns or sequences there are. */
  readonly total: number;
}

/**
 * A column that programs fill with values of a sequence, so the database does not know that they belong together. An
 * option of {@link sequenceStatus} and {@link planResync}.
 */
export interface SequenceFeed {
  /**
   * The sequence, as `name` or `schema.name`, in which `*` stands for any characters; or its exact name as an object.
   */
  readonly sequence: string | SequenceName;
  /** The schema of the table. Default: that of the sequence. */
  readonly schema?: string | undefined;
  /** The name of the table, without quotes. */
  readonly table: string;
  /** The name of the column, without quotes. */
  readonly column: string;
  /** Which ids a value stands for, if programs make blocks of ids of the sequence. Default: a value is one id. */
  readonly blocks?: BlockReading | undefined;
}

/** What programs know of sequences, and the database does not. */
export interface FeedOptions {
  /** The declared sequences. The columns in their `feeds` are compared as well, and `blocks` says how. */
  readonly declarations?: readonly SequenceLike[] | undefined;
  /**
   * The columns that programs fill from sequences without such a declaration.
   *
   * ```ts
   * { feeds: [{ sequence: "order_seq", table: "orders", column: "id", blocks: "downwards" }] }
   * ```
   */
  readonly feeds?: readonly SequenceFeed[] | undefined;
}

/** @internal */
export function checkTrust({ trustOwners }: Trust): void {
  if (trustOwners === undefined) return;
  if (Array.isArray(trustOwners) && trustOwners.every((name) => typeof name === "string")) return;
  throw new NextvalError("INVALID_ARGUMENT", `trustOwners must be a list of roles, not ${JSON.stringify(trustOwners)}`);
}
