import { refuse } from "../../errors.js";
import { SQL, Sql, textFragment } from "../fragment.js";
import { enclosingProblem } from "../lexer.js";
import type { Shape } from "../shape.js";
import { admit, type Place } from "../value.js";
import { listShape } from "./list.js";

/**
 * A condition of {@link SqlTag.and} and {@link SqlTag.or}: a fragment. Null, undefined and false stand for no
 * condition.
 */
export type Condition = Sql | null | undefined | false;

const AND = /* @__PURE__ */ textFragment(" and ");
const OR = /* @__PURE__ */ textFragment(" or ");
const TRUE = /* @__PURE__ */ textFragment("true");
const FALSE = /* @__PURE__ */ textFragment("false");

/**
 * Requires all conditions. Leaves out null, undefined, false and fragments without SQL.
 *
 * ```ts
 * sql`select * from orders where ${sql.and(sql`tenant = ${7}`, isOpen && sql`closed_at is null`)}`;
 * // { text: "select * from orders where ((tenant = $1) and (closed_at is null))", values: [7] }
 * sql.and(); // true
 * ```
 *
 * Without any condition it is `true`, so `where` then selects every row. The parentheses keep the meaning of each
 * condition, and of the whole beside other operators. Throws `INVALID_TEMPLATE` for anything else, such as `true`, and
 * for a condition whose own parentheses or quotes are not closed, such as `sql.raw("a) or (b")`.
 */
export function and(...conditions: readonly Condition[]): Sql {
  return combine("sql.and", conditions, AND, TRUE);
}

/**
 * Requires at least one of the conditions. Leaves out null, undefined, false and fragments without SQL.
 *
 * ```ts
 * sql`select * from orders where ${sql.or(sql`note = ${"x"}`, sql`note is null`)}`;
 * // { text: "select * from orders where ((note = $1) or (note is null))", values: ["x"] }
 * sql.or(); // false
 * ```
 *
 * Without any condition it is `false`, so `where` then selects no row. The parentheses keep the meaning of each
 * condition, and of the whole beside other operators. Throws `INVALID_TEMPLATE` for anything else, such as `true`, and
 * for a condition whose own parentheses or quotes are not closed, such as `sql.raw("a) or (b")`.
 */
export function or(...conditions: readonly Condition[]): Sql {
  return combine("sql.or", conditions, OR, FALSE);
}

/** The shapes whose text is in parentheses already. */
const enclosed = /* @__PURE__ */ new WeakSet<Shape>();

function combine(what: string, conditions: readonly Condition[], operator: Sql, none: Sql): Sql {
  const place: Place = (index) => `condition ${index + 1} of ${what}`;
  const things: Sql[] = [];
  const places: number[] = [];
  for (let index = 0; index < conditions.length; index++) {
    const condition = conditions[index];
    if (condition === null || condition === undefined || condition === false) continue;
    const isFragment = typeof condition === "object" && SQL in condition && !("seqName" in condition);
    if (!isFragment) {
      refuse(place(index), "must be a fragment, null, undefined or false", "Write a constant as sql`true`.");
    }
    const thing = admit(condition, place, index) as Sql;
    const shape = Sql.shapeOf(thing);
    if (shape.size === 0 && shape.text.trim() === "") continue;
    things.push(thing);
    places.push(index);
  }
  const [first] = things;
  if (first === undefined) return none;
  const home = Sql.shapeOf(first);
  if (things.length === 1 && enclosed.has(home)) return first;
  const between = Sql.shapeOf(operator);
  const pieces = () => {
    const shapes = things.map(Sql.shapeOf);
    shapes.forEach((each, index) => {
      const problem = enclosed.has(each) ? undefined : enclosingProblem(each.text);
      if (problem !== undefined) refuse(place(places[index] as number), problem);
    });
    return piecesOf(shapes, between.text);
  };
  const shape = listShape(home, things, false, pieces, between);
  enclosed.add(shape);
  return new Sql(shape, things);
}

function piecesOf(shapes: readonly Shape[], operator: string): string[] {
  const [open, close] = shapes.length === 1 ? ["", ""] : ["(", ")"];
  const before = (shape: Shape) => (enclosed.has(shape) ? "" : "(");
  const after = (shape: Shape) => (enclosed.has(shape) ? "" : ")");
  const pieces = shapes.map(
    (shape, index) => (index === 0 ? open : after(shapes[index - 1] as Shape) + operator) + before(shape),
  );
  return [...pieces, after(shapes.at(-1) as Shape) + close];
}
