import { refuse } from "./errors.js";
import { SQL, type Spliceable } from "./sql/fragment.js";

/**
 * Puts a fragment into a query of another library, through that library's own template tag.
 *
 * ```ts
 * // Drizzle
 * await drizzleDb.insert(orders).values({ id: embed(drizzleSql, nextval(orderSeq)), note });
 * // postgres.js
 * await client`insert into orders (id) values (${embed(client, nextval(orderSeq))})`;
 * ```
 *
 * The fragment's text becomes the host's text, and its values become the host's parameters. The result has the host's
 * own type.
 *
 * Works with every tag that takes strings and values, as tags of SQL libraries do. The strings are frozen and have
 * `raw`. All fragments of one shape share one array, so a host that caches templates caches each shape once.
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
