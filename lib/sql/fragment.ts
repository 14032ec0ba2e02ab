import { type Mark, Shape } from "./shape.js";

/**
 * The registered symbol under which a fragment or a sequence holds its SQL. JSON cannot carry a symbol, so data from
 * outside can never act as SQL.
 */
export const SQL: unique symbol = Symbol.for("nextval.sql") as never;

/**
 * The keys of a fragment's contents. They are not private fields, because node-postgres copies a query property by
 * property and runs the copy. They are not string keys, so nothing but a fragment has them.
 */
const SHAPE: unique symbol = Symbol("shape");
const VALUES: unique symbol = Symbol("values");

/**
 * A fragment or a sequence: anything that a template inserts as SQL instead of binding it as a value.
 *
 * ```ts
 * const count = (from: Spliceable) => sql`select count(*) from ${from}`;
 * count(orderSeq); // select count(*) from "order_seq"
 * count(sql.identifier("orders")); // select count(*) from "orders"
 * ```
 */
export interface Spliceable {
  readonly [SQL]: Sql;
}

/**
 * A piece of SQL with its values, as the `sql` tag makes it. It is immutable and can be spliced into other templates.
 *
 * ```ts
 * const recent = sql`created_at > ${since}`;
 * sql`select * from orders where ${recent} limit ${10}`;
 * // { text: "select * from orders where created_at > $1 limit $2", values: [since, 10] }
 * ```
 *
 * `text` and `values` form a node-postgres query, so `client.query(fragment)` works. `Row` is the type of the rows that
 * the statement returns.
 */
export class Sql<Row = unknown> implements Spliceable {
  /** Exists only in types. It carries `Row` and is never set. */
  declare readonly "~row"?: Row;
  // Declared, because a field that is defined and then set takes longer.
  /** @internal */
  declare readonly [SHAPE]: Shape;
  /** @internal */
  declare readonly [VALUES]: readonly unknown[];

  /** @internal */
  constructor(shape: Shape, values: readonly unknown[]) {
    this[SHAPE] = shape;
    this[VALUES] = values;
    // A fragment nested this deep is flattened into one level, so no walk through fragments overflows the stack.
    if (shape.deep) {
      this[VALUES] = this.values;
      this[SHAPE] = shape.dissolved;
    }
  }

  get [SQL](): this {
    return this;
  }

  /**
   * The statement with its values numbered, such as `select $1`. It is computed once per shape, not once per fragment.
   */
  get text(): string {
    return this[SHAPE].text;
  }

  /** The values in the order of their numbers. Each read returns a new array. */
  get values(): unknown[] {
    const { flat, size, holes } = this[SHAPE];
    if (flat) return this[VALUES].slice();
    if (holes.length === 1) return (this[VALUES][0] as Sql).values;
    const values = new Array<unknown>(size);
    copyValues(this, values, size);
    return values;
  }

  /** The text around the values, as a template tag would receive it. Fragments of the same shape share one array. */
  get strings(): TemplateStringsArray {
    return this[SHAPE].strings;
  }

  /**
   * Returns the text and the values as plain data, for logs. A value that is a bigint still has to be written by the
   * caller.
   */
  toJSON(): { text: string; values: unknown[] } {
    return { text: this.text, values: this.values };
  }

  get [Symbol.for("nodejs.util.inspect.custom")](): () => unknown {
    return () => this.toJSON();
  }

  /** @internal Read by other copies of this package. */
  get marks(): readonly Mark[] {
    return this[SHAPE].marks;
  }

  /** @internal Returns the shape of a fragment, or null for anything else. */
  static tryShapeOf(thing: unknown): Shape | null {
    return thing instanceof Sql ? (thing[SHAPE] ?? null) : null;
  }

  /** @internal Returns the shape of a fragment. */
  static shapeOf(fragment: Sql): Shape {
    return fragment[SHAPE];
  }
}

/**
 * Fills `into` backwards from `end`. A fragment nested at the front, as in `(${condition} or ...)`, then needs no
 * recursion.
 */
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

/** Makes a fragment without values. */
export function textFragment(text: string): Sql {
  return new Sql(new Shape([text]), []);
}

/**
 * @internal Makes a fragment of the text around values, as another fragment has it. The tag would check the text as if
 * it stood in the source code, and refuse what `sql.raw` may hold.
 */
export function flatFragment(strings: readonly string[], values: readonly unknown[], marks: readonly Mark[] = []): Sql {
  return new Sql(new Shape(strings, new Array<null>(values.length).fill(null), ...marks), values);
}
