import { type Sql, textFragment } from "../sql/fragment.js";
import { and, or } from "../sql/helpers/conditions.js";
import { identifier } from "../sql/helpers/identifier.js";
import { insert } from "../sql/helpers/insert.js";
import { join } from "../sql/helpers/join.js";
import { json } from "../sql/helpers/json.js";
import { literal } from "../sql/helpers/literal.js";
import { raw } from "../sql/helpers/raw.js";
import { set } from "../sql/helpers/set.js";
import { type NamedValues, type NamedTag, namedWith } from "../sql/named/named.js";
import { type Tag, tag } from "../sql/tag.js";
import { currval, lastval, nextval, setval } from "./functions.js";
import type { AnySequence } from "./sequence.js";

/** The `sql` tag with its helpers. */
export interface SqlTag extends Tag {
  readonly identifier: typeof identifier;
  readonly join: typeof join;
  readonly and: typeof and;
  readonly or: typeof or;
  readonly raw: typeof raw;
  readonly literal: typeof literal;
  readonly insert: typeof insert;
  readonly set: typeof set;
  readonly json: typeof json;
  /**
   * A fragment without any SQL, for an optional part of a template.
   *
   * ```ts
   * sql`select * from orders where tenant = ${tenant} ${isOpen ? sql`and closed_at is null` : sql.empty}`;
   * ```
   */
  readonly empty: Sql;
  /**
   * Makes a template tag that also understands named placeholders. `bindings` has the sequences, fragments and values
   * for the names.
   *
   * ```ts
   * const orders = sql.named({ orderSeq, tenant: 7 });
   * orders`insert into orders (id, tenant) values ($<nextval(orderSeq)>, $<tenant>)`;
   * // { text: `insert into orders (id, tenant) values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1)`,
   * //   values: [7] }
   * orders.parse(await readFile("orders.sql", "utf8"));
   * ```
   *
   * The placeholders are `$<name>`, `$<nextval(name)>`, `$<currval(name)>`, `$<setval(name, value)>` and
   * `$<lastval()>`. They are read in code only: quoted text, dollar-quoted bodies and comments stay unchanged. Throws
   * for an unknown name, with its line and column.
   */
  named(bindings: NamedValues): NamedTag;
}

const named = /* @__PURE__ */ namedWith({
  nextval: { arity: [1], call: ([sequence]) => nextval(sequence as AnySequence) },
  currval: { arity: [1], call: ([sequence]) => currval(sequence as AnySequence) },
  setval: {
    arity: [2, 3],
    call: ([sequence, value, isCalled]) =>
      setval(sequence as AnySequence, value as bigint, isCalled as boolean | undefined),
  },
  lastval: { arity: [0], call: () => lastval() },
});

/**
 * Makes a fragment of a template. A spliced value becomes a parameter, a quoted name or a nested fragment, never text.
 *
 * ```ts
 * sql`insert into orders (id, note) values (${nextval(orderSeq)}, ${note})`;
 * // { text: `insert into orders (id, note) values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1)`,
 * //   values: [note] }
 * ```
 *
 * Throws `INVALID_TEMPLATE`, with the position, for undefined, a function, a symbol, a promise or an invalid date. Also
 * throws for a splice inside quotes or a comment, and for a call that is not a template.
 */
export const sql: SqlTag = /* @__PURE__ */ Object.assign(tag, {
  identifier,
  join,
  and,
  or,
  raw,
  literal,
  insert,
  set,
  json,
  empty: /* @__PURE__ */ textFragment(""),
  named,
});
