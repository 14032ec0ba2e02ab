import type { Knex } from "knex";
import { hostHandle } from "../drivers/host/host.js";
import { refuseClient } from "../drivers/queued/refuse-client.js";
import {
  embed,
  type HostDatabase,
  type HostTransaction,
  NextvalError,
  type Spliceable,
  type SqlExpression,
} from "../index.js";

/**
 * Turns a fragment, an expression or a sequence into raw SQL of Knex, for `insert`, `update`, `select`, `where` and the
 * models of Objection.
 *
 * ```ts
 * await knex("orders").insert({ id: toKnex(knex, nextval(orderSeq)), note });
 * // insert into "orders" ("id", "note") values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1)
 * ```
 *
 * Knex has no parameters in `defaultTo`, so a fragment there may have neither values nor a `?`. Elsewhere a `?` in the
 * text, such as an operator of jsonb, reaches the server unchanged. Throws `INVALID_TEMPLATE` for a `?` right after a
 * backslash, which Knex cannot express. If `knex` is a transaction, the fragment runs in it.
 */
export function toKnex<Type>(knex: Knex, expression: SqlExpression<Type>): Knex.Raw<Type>;
// oxlint-disable-next-line typescript/no-explicit-any -- as Knex types the raw SQL whose result it does not know
export function toKnex<Type = any>(knex: Knex, fragment: Spliceable): Knex.Raw<Type>;
export function toKnex(knex: Knex, fragment: Spliceable): Knex.Raw {
  return embed(
    (strings: TemplateStringsArray, ...values: Knex.RawBinding[]) => knex.raw(textOf(strings), values.map(toBinding)),
    fragment,
  );
}

/**
 * Makes a handle that runs its statements through Knex, in a transaction if it is one. Its `query` events have them.
 *
 * ```ts
 * await knex.transaction(async (trx) => {
 *   const no = await invoiceNo.next(bind(trx)); // a rollback returns the number
 *   await trx("invoices").insert({ no: `${no}`, customer });
 * });
 * ```
 *
 * Takes the transactions of Objection and MikroORM, too, which are Knex's. Rows are as Knex's driver reads them, except
 * columns that `.as()` names. Draws return exact values, however the driver reads `int8`.
 */
export function bind(transaction: Knex.Transaction): HostTransaction;
export function bind(knex: Knex): HostDatabase;
export function bind(knex: Knex): HostDatabase {
  if (typeof knex !== "function" || typeof knex.raw !== "function" || typeof knex.transaction !== "function") {
    return refuseClient(knex, "a Knex or a transaction of it");
  }
  return hostHandle((fragment) => toKnex(knex, fragment), knex.isTransaction === true);
}

/** Knex reads `?` as a value, `??` as a name, and `\\?` as a question mark. */
function textOf(strings: readonly string[]): string {
  const pieces = strings.map(escapeQuestionMarks);
  return pieces.reduce((text, piece, index) => {
    // If there is no text between two values, a question mark precedes this one.
    const last = pieces[index - 1]?.at(-1) ?? (index > 1 ? "?" : "");
    return `${text}${last === "?" || last === "\\" ? " ?" : "?"}${piece}`;
  });
}

function escapeQuestionMarks(text: string): string {
  if (text.includes("\\?")) {
    throw new NextvalError("INVALID_TEMPLATE", `Knex cannot carry a question mark right after a backslash: ${text}`);
  }
  return text.replaceAll("?", "\\?");
}

/** Knex searches objects for its own raw SQL. The driver would write these objects as JSON too. */
function toBinding(value: Knex.RawBinding): Knex.RawBinding {
  if (typeof value !== "object" || value === null) return value;
  // Objects without a prototype come from careful JSON parsers; others come from another realm.
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null ? JSON.stringify(value) : value;
}
