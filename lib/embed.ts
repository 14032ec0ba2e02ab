import { refuse } from "./errors.js";
import { SQL, type Spliceable } from "./sql/fragment.js";

/**
 * Puts a fragment into a query of another library, by way of that library's own template tag: the fragment's text becomes
 * the host's text, its values become the host's parameters, and what comes back is of the host's own type.
 *
 * ```ts
 * // Drizzle
 * await drizzleDb.insert(orders).values({ id: embed(drizzleSql, nextval(orderSeq)), note });
 * // postgres.js
 * await client`insert into orders (id) values (${embed(client, nextval(orderSeq))})`;
 * ```
 *
 * Works with every tag that takes strings and values, as tags of SQL libraries do. The strings are frozen, have `raw`, and are
 * the same array for every fragment of the same shape, so that a host that remembers templates remembers each once.
 */
export function embed<Host>(
  tag: (strings: TemplateStringsArray, ...values: never[]) => Host,
  fragment: Spliceable,
): Host {
  const { strings, values } =
    (fragment as Partial<Spliceable> | undefined)?.[SQL] ??
    refuse("embed", "takes a fragment or a sequence of this library");
  return tag(strings, ...(values as never[]));
}
