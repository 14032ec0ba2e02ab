import { type Limits, NextvalError } from "../index.js";

/** A handle, or an object with some of its methods. Only a handle can limit its calls. */
export type Limitable<Source> = Source & { with?(limits: Limits): Source };

/** Returns the handle with the limits of an allocator's options. */
export function limited<Source>(db: Limitable<Source>, options: Limits): Source {
  // Properties added to Object.prototype are not options.
  const { timeout, signal } = Object.assign(Object.create(null) as {}, options);
  if (timeout === undefined && signal === undefined) return db;
  if (db.with !== undefined) return db.with({ timeout, signal });
  throw new NextvalError("INVALID_ARGUMENT", "timeout and signal need a handle of bind, which has with()");
}
