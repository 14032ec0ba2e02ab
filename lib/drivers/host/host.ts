import { type HostDatabase, type HostTransaction, NextvalError } from "../../index.js";
import { createHostDatabase, createHostTransaction, type Port, Readings, type ReservedLine } from "../../internal.js";
import type { TextParameter } from "../queued/driver.js";
import { HostLine, type RunFragment } from "./line.js";

/** Makes a handle that runs its statements through a host, in a transaction or not. */
export function hostHandle(run: RunFragment, inTransaction: true): HostTransaction;
export function hostHandle(run: RunFragment, inTransaction: boolean): HostDatabase;
export function hostHandle(run: RunFragment, inTransaction: boolean): HostDatabase {
  const port = portOf(run, inTransaction);
  return inTransaction ? createHostTransaction(port) : createHostDatabase(port);
}

function portOf(run: RunFragment, inTransaction: boolean): Port & { readonly pool: ReservedLine } {
  // The host has read the columns.
  const readings = Readings.by(() => undefined);
  const pool = new HostLine(run, readings(undefined).byType, inTransaction);
  return {
    user: "",
    readings,
    writer: { parameter: (text, type): TextParameter => ({ text, type }) },
    pool,
    async reserve(what) {
      throw new NextvalError("TRANSACTION_REQUIRED", `${what} needs the handle of a transaction of the library`);
    },
    host: pool,
  };
}
