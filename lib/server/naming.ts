/** No message is longer, with names of ordinary length. */
export const MAX_MESSAGE = 160;

/** A message names at most this many of several things. */
const MAX_NAMED = 3;

/**
 * Writes a message about several things, such as columns, and names as many of them as fit.
 *
 * ```ts
 * naming("s", ["a.id", "b.id"], "columns", (these) => `inserts into ${these} fail`);
 * // "s: inserts into a.id, b.id fail", or for more columns: "s: inserts into 27 columns (a.id, b.id, ...) fail"
 * ```
 *
 * @param subject - the name of the sequence, with which the message begins
 * @param noun - the plural of the kind of things
 */
export function naming(
  subject: string,
  names: readonly string[],
  noun: string,
  say: (these: string, areMany: boolean) => string,
): string {
  const message = (these: string) => `${subject}: ${say(these, names.length > 1)}`;
  const all = message(names.join(", "));
  if (names.length < 2 || (names.length <= MAX_NAMED && all.length <= MAX_MESSAGE)) return all;
  for (let shown = Math.min(MAX_NAMED, names.length - 1); shown > 0; shown--) {
    const some = message(`${names.length} ${noun} (${names.slice(0, shown).join(", ")}, ...)`);
    if (some.length <= MAX_MESSAGE) return some;
  }
  return message(`${names.length} ${noun}`);
}

/** Writes a name as the user has given it. It is in quotes if it could not be told from the words around it. */
export function givenName(name: string): string {
  return /^[\p{L}\p{N}_$."*]+$/u.test(name) ? name : JSON.stringify(name);
}
