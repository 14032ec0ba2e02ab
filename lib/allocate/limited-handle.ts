import type { Limits, Queryable, Sql } from "../index.js";
import { refuseArgument } from "../internal.js";

/** A handle, or an object with some of its methods. Only a handle can limit its calls. */
export type Limitable<Source> = Source & { with?(limits: Limits): Source };

/** The methods of a handle that draw blocks. */
export interface BlockHandle extends Pick<Queryable, "nextval" | "nextvals"> {
  query<Row>(fragment: Sql<Row>): PromiseLike<readonly Row[]>;
}

/** Returns the handle with the limits of an allocator's options. */
export function limited<Source>(db: Limitable<Source>, options: Limits): Source {
  // Properties added to Object.prototype are not options.
  const { timeout, signal } = Object.assign(Object.create(null) as {}, options);
  if (timeout === undefined && signal === undefined) return db;
  if (db.with !== undefined) return db.with({ timeout, signal });
  return refuseArgument("timeout and signal", "need a handle of bind, which has with()");
}
