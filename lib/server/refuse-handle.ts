import { refuseArgument } from "../internal.js";

/** Throws for an argument that is not a handle of a driver. `needed` says what `taker` takes, after its name. */
export function refuseHandle(taker: string, needed: string): never {
  return refuseArgument(taker, needed, HINT);
}

/** Whether it is the handle of a pool or session. A client of postgres.js has `begin` as well. */
export function canBegin(given: unknown): boolean {
  const { begin } = Object(given) as { readonly begin?: unknown };
  return typeof begin === "function" && !Object.hasOwn(Object(given) as object, "unsafe");
}

const HINT =
  'Pass bind(pool), with bind of "nextval", "nextval/pg" or "nextval/pglite": not the pool, nor a query builder.';
