import { type Queryable, type Limits, NextvalError } from "../index.js";

/** A handle, or an object with some of its methods. Only a handle can limit its calls. */
export type Limitable<Methods extends keyof Queryable> = Pick<Queryable, Methods> & Partial<Pick<Queryable, "with">>;

/** Returns the handle with the limits of an allocator's options. */
export function limited<Methods extends keyof Queryable>(
  db: Limitable<Methods>,
  options: Limits,
): Pick<Queryable, Methods> {
  // Properties added to Object.prototype are not options.
  const { timeout, signal } = Object.assign(Object.create(null) as {}, options);
  if (timeout === undefined && signal === undefined) return db;
  if (db.with !== undefined) return db.with({ timeout, signal });
  throw new NextvalError("INVALID_ARGUMENT", "timeout and signal need a handle of bind, which has with()");
}
