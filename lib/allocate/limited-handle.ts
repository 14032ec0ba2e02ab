import type { Limits, Queryable, Sql } from "../index.js";
import { refuseArgument } from "../internal.js";
import { refuseHandle } from "../server/refuse-handle.js";

/** A handle, or an object with some of its methods. Only a handle can limit its calls. */
export type Limitable<Source> = Source & { with?(limits: Limits): Source };

/** The methods of a handle that draw blocks. */
export interface BlockHandle extends Pick<Queryable, "nextval" | "nextvals"> {
  query<Row>(fragment: Sql<Row>): PromiseLike<readonly Row[]>;
}

/** Returns the handle of an allocator, with the limits of its options. */
export function limited<Source extends Pick<Queryable, "nextvals">>(
  what: string,
  db: Limitable<Source>,
  limits: Limits,
): Source {
  if (typeof (db as Partial<Source> | null | undefined)?.nextvals !== "function") {
    refuseHandle(what, "takes a handle first: a pool, a session or a transaction");
  }
  // Properties added to Object.prototype are not options.
  const { timeout, signal } = Object.assign(Object.create(null) as {}, limits);
  if (timeout === undefined && signal === undefined) return db;
  if (db.with !== undefined) return db.with({ timeout, signal });
  return refuseArgument("timeout and signal", "need a handle of bind, which has with()");
}
