import { type Mark, Shape } from "./shape.js";

/**
 * The registered symbol under which a spliceable thing gives its SQL. No JSON can carry a symbol, so data that came from
 * outside can never act as SQL.
 */
export const SQL: unique symbol = Symbol.for("nextval.sql") as never;

/**
 * Where a fragment keeps what it is made of. Not private properties, because node-postgres reads a query from a copy that it
 * makes property by property; and no name, so that nothing but a fragment has them.
 */
const SHAPE: unique symbol = Symbol("shape");
const VALUES: unique symbol = Symbol("values");

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
  /** @internal */
  readonly [SHAPE]: Shape;
  /** @internal */
  readonly [VALUES]: readonly unknown[];

  /** @internal */
  constructor(shape: Shape, values: readonly unknown[]) {
    this[SHAPE] = shape;
    this[VALUES] = values;
    // Nested this deep, it is dissolved into one flat fragment, so that no walk through fragments exhausts the stack.
    if (shape.deep) {
      this[VALUES] = this.values;
      this[SHAPE] = shape.dissolved;
    }
  }

  get [SQL](): this {
    return this;
  }

  /** The statement with its values numbered: `select $1`. Worked out once per shape, however often it is built. */
  get text(): string {
    return this[SHAPE].text;
  }

  /** The values in the order of their numbers; a new array at each reading. */
  get values(): unknown[] {
    const { flat, size, holes } = this[SHAPE];
    if (flat) return this[VALUES].slice();
    if (holes.length === 1) return (this[VALUES][0] as Sql).values;
    const values = new Array<unknown>(size);
    copyValues(this, values, size);
    return values;
  }

  /** The text around the values, as a template tag would get it. The same array for every fragment of the same shape. */
  get strings(): TemplateStringsArray {
    return this[SHAPE].strings;
  }

  toJSON(): { text: string; values: unknown[] } {
    return { text: this.text, values: this.values };
  }

  get [Symbol.for("nodejs.util.inspect.custom")](): () => unknown {
    return () => this.toJSON();
  }

  /** @internal For other copies of this package. */
  get marks(): readonly Mark[] {
    return this[SHAPE].marks;
  }

  /** @internal The shape of a fragment, and null for anything else. */
  static shapeIn(thing: unknown): Shape | null {
    return thing instanceof Sql ? (thing[SHAPE] ?? null) : null;
  }

  /** @internal */
  static shapeOf(fragment: Sql): Shape {
    return fragment[SHAPE];
  }
}

/** Fills `into` backwards from `end`, so that what is nested at the front, as in `(${condition} or ...)`, needs no recursion. */
function copyValues(fragment: Sql, into: unknown[], end: number): number {
  let own = fragment[VALUES];
  let { holes } = fragment[SHAPE];
  let position = end;
  for (let index = own.length - 1; index >= 0; index--) {
    const hole = holes[index] as Shape | null;
    if (hole === null) into[--position] = own[index];
    else if (index === 0) {
      own = (own[0] as Sql)[VALUES];
      holes = hole.holes;
      index = own.length;
    } else if (hole.flat) {
      const inner = (own[index] as Sql)[VALUES];
      for (let at = inner.length - 1; at >= 0; at--) into[--position] = inner[at];
    } else position = copyValues(own[index] as Sql, into, position);
  }
  return position;
}

/** @internal A fragment that is all text. */
export function textFragment(text: string): Sql {
  return new Sql(new Shape([text]), []);
}
