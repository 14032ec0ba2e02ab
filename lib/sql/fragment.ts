import { type Mark, Shape } from "./shape.js";

/**
 * The registered symbol under which a spliceable thing gives its SQL. No JSON can carry a symbol, so data that came from
 * outside can never act as SQL.
 */
export const SQL: unique symbol = Symbol.for("nextval.sql") as never;

/** Anything that can be put into a template as SQL: a fragment or a sequence. */
export interface Spliceable {
  readonly [SQL]: Sql;
}

/**
 * A piece of SQL with its values, as the `sql` tag makes it. It never changes, and it goes into other templates as it is.
 *
 * ```ts
 * const recent = sql`created_at > ${since}`;
 * sql`select * from orders where ${recent} limit ${10}`;
 * // { text: "select * from orders where created_at > $1 limit $2", values: [since, 10] }
 * ```
 *
 * `text` and `values` are what node-postgres calls a query: `client.query(fragment)` works. `Row` is the type of the rows
 * that the statement returns.
 */
export class Sql<Row = unknown> implements Spliceable {
  /** Exists for the compiler only. */
  declare readonly "~row"?: Row;
  readonly #shape: Shape;
  readonly #values: readonly unknown[];

  /** @internal */
  constructor(shape: Shape, values: readonly unknown[]) {
    this.#shape = shape;
    this.#values = values;
    // Nested this deep, it is dissolved into one flat fragment, so that no walk through fragments exhausts the stack.
    if (shape.deep) {
      this.#values = this.values;
      this.#shape = shape.dissolved;
    }
  }

  get [SQL](): this {
    return this;
  }

  /** The statement with its values numbered: `select $1`. Worked out once per shape, however often it is built. */
  get text(): string {
    return this.#shape.text;
  }

  /** The values in the order of their numbers; a new array at each reading. */
  get values(): unknown[] {
    const { flat, size, holes } = this.#shape;
    if (flat) return this.#values.slice();
    if (holes.length === 1) return (this.#values[0] as Sql).values;
    const values = new Array<unknown>(size);
    this.#copyValues(values, size);
    return values;
  }

  /** The text around the values, as a template tag would get it. The same array for every fragment of the same shape. */
  get strings(): TemplateStringsArray {
    return this.#shape.strings;
  }

  toJSON(): { text: string; values: unknown[] } {
    return { text: this.text, values: this.values };
  }

  get [Symbol.for("nodejs.util.inspect.custom")](): () => unknown {
    return () => this.toJSON();
  }

  /** Fills `into` backwards from `end`, so that what is nested at the front, as in `(${condition} or ...)`, needs no recursion. */
  #copyValues(into: unknown[], end: number): number {
    let own = this.#values;
    let { holes } = this.#shape;
    let position = end;
    for (let index = own.length - 1; index >= 0; index--) {
      const hole = holes[index] as Shape | null;
      if (hole === null) into[--position] = own[index];
      else if (index === 0) {
        own = (own[0] as Sql).#values;
        holes = hole.holes;
        index = own.length;
      } else if (hole.flat) {
        const inner = (own[index] as Sql).#values;
        for (let at = inner.length - 1; at >= 0; at--) into[--position] = inner[at];
      } else position = (own[index] as Sql).#copyValues(into, position);
    }
    return position;
  }

  /** @internal For other copies of this package. */
  get marks(): readonly Mark[] {
    return this.#shape.marks;
  }

  /** @internal The shape of a fragment, and null for anything else. */
  static shapeIn(thing: unknown): Shape | null {
    return typeof thing === "object" && thing !== null && #shape in thing ? thing.#shape : null;
  }

  /** @internal */
  static shapeOf(fragment: Sql): Shape {
    return fragment.#shape;
  }
}

/** @internal A fragment that is all text. */
export function textFragment(text: string): Sql {
  return new Sql(new Shape([text]), []);
}
