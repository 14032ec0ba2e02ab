import type { Knex } from "knex";
import { embed, NextvalError, type Spliceable, type SqlExpression } from "../index.js";

/**
 * A fragment, an expression or a sequence as raw SQL of Knex: in `insert`, `update`, `select`, `where`, and in the
 * models of Objection; in `defaultTo`, where Knex has no parameters, only what has neither values nor a `?`.
 *
 * ```ts
 * await knex("orders").insert({ id: toKnex(knex, nextval(orderSeq)), note });
 * // insert into "orders" ("id", "note") values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1)
 * ```
 *
 * A `?` in the text, such as an operator of jsonb, reaches the server as it is. Refused, because Knex has no way to say it:
 * a `?` right behind a backslash. `knex` may be a transaction, too; then the fragment runs in it.
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

/** Knex reads `?` as a value, `??` as a name, and `\\?` as a question mark. */
function textOf(strings: readonly string[]): string {
  const pieces = strings.map(escapeQuestionMarks);
  return pieces.reduce((text, piece, index) => {
    // Between two values there may be nothing, and then a question mark stands before this one.
    const last = pieces[index - 1]?.at(-1) ?? (index > 1 ? "?" : "");
    return `${text}${last === "?" || last === "\\" ? " ?" : "?"}${piece}`;
  });
}

function escapeQuestionMarks(text: string): string {
  if (text.includes("\\?")) {
    throw new NextvalError("INVALID_TEMPLATE", `Knex cannot carry a question mark right behind a backslash: ${text}`);
  }
  return text.replaceAll("?", "\\?");
}

/** Knex looks into objects for raw SQL of its own; the driver would write them as JSON, too. */
function toBinding(value: Knex.RawBinding): Knex.RawBinding {
  if (typeof value !== "object" || value === null) return value;
  // Without a prototype, as JSON parsers that are careful make it, or of another realm.
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null ? JSON.stringify(value) : value;
}
