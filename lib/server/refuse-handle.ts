import { refuseArgument } from "../internal.js";

/** Throws for an argument that is not a handle of a driver. `needed` says what `taker` takes, after its name. */
export function refuseHandle(taker: string, needed: string): never {
  return refuseArgument(taker, needed, HINT);
}

const HINT =
  'Pass bind(pool), with bind of "nextval", "nextval/pg" or "nextval/pglite": not the pool, nor a query builder.';
