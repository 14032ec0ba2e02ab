import type { NamedColumn } from "../../types/rows.js";
import { BoundedMap } from "./bounded-map.js";
import { Sql } from "./fragment.js";
import { quoteIdentifier } from "./helpers/identifier.js";
import { type Mark, Shape } from "./shape.js";

/** Turns the text that the server sends into the promised JavaScript value. */
export type Decode<Type = unknown> = (text: string) => Type;

/** @internal Tells a handle how to decode a column of the result. */
export interface ColumnMark extends Mark {
  readonly kind: "column";
  readonly name: string;
  readonly decode: Decode;
  /** Whether the expression itself can be null. */
  readonly isNullable: boolean;
}

const aliasShapes = new WeakMap<Shape, BoundedMap<string, Shape>>();

/**
 * A fragment that stands for one value of a known JavaScript type, such as `nextval(orderSeq)`.
 *
 * ```ts
 * sql`select ${nextval(orderSeq)}`; // select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)
 * ```
 */
export class SqlExpression<Type> extends Sql {
  /** Exists only in types. It carries `Type` and is never set. */
  declare readonly "~type"?: Type;
  /**
   * Turns the text that the server sends into a value of this type. Handles call it; call it yourself if you read
   * results some other way.
   */
  readonly decode: (text: string) => Type;
  /** @internal */
  readonly isNullable: boolean;

  /** @internal */
  constructor(shape: Shape, values: readonly unknown[], decode: Decode<Type>, isNullable = false) {
    super(shape, values);
    this.decode = decode;
    this.isNullable = isNullable;
  }

  /**
   * Names the column, in the SQL and in the row type.
   *
   * ```ts
   * const [row] = await db`select ${nextval(orderSeq).as("id")}`;
   * // select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass) as "id"
   * row?.id; // bigint or number, as the sequence declares
   * ```
   *
   * An outer join or a union can make the server send null or a fraction for the column. The call then fails with
   * `UNEXPECTED_VALUE`.
   */
  as<const Name extends string>(name: Name): AliasedExpression<Name, Type> {
    const inner = Sql.shapeOf(this);
    let shapes = aliasShapes.get(inner);
    if (shapes === undefined) aliasShapes.set(inner, (shapes = new BoundedMap(100)));
    const shape = shapes.getOrMake(name, () => {
      const mark: ColumnMark = { kind: "column", name, decode: this.decode, isNullable: this.isNullable };
      return new Shape(["", ` as ${quoteIdentifier(name, "as()")}`], [inner], mark);
    });
    return new AliasedExpression<Name, Type>(shape, this, name);
  }
}

/**
 * An expression with a column name, as `.as(name)` returns it. Row types of templates are built from these.
 *
 * ```ts
 * sql`select ${nextval(orderSeq).as("id")}`; // Sql<{ id: bigint }>
 * // select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass) as "id"
 * ```
 */
export class AliasedExpression<Name extends string, Type>
  extends Sql<{ [Column in Name]: Type }>
  implements NamedColumn<Name, Type>
{
  /** Exists only in types. It carries `Type` and is never set. */
  declare readonly "~type"?: Type;
  /** The name of the column. */
  readonly alias: Name;

  /** @internal */
  constructor(shape: Shape, expression: SqlExpression<Type>, alias: Name) {
    super(shape, [expression]);
    this.alias = alias;
  }
}
