import type { NamedColumn } from "../../types/rows.js";
import { refuse } from "../errors.js";
import { BoundedMap } from "./bounded-map.js";
import { Sql } from "./fragment.js";
import { bytesOf, MAX_NAME_BYTES, quoteIdentifier } from "./identifier.js";
import { type Mark, Shape } from "./shape.js";

/** Makes the promised JavaScript value of the text that the server sends. */
export type Decode<Type = unknown> = (text: string) => Type;

/** Says how a column of the result is decoded. */
export interface ColumnMark extends Mark {
  readonly kind: "column";
  readonly name: string;
  readonly decode: Decode;
  /** Whether the expression itself may be null. */
  readonly isNullable: boolean;
}

const aliasShapes = new WeakMap<Shape, BoundedMap<string, Shape>>();

/** A fragment that stands for one value of a known JavaScript type. */
export class SqlExpression<Type> extends Sql {
  /** Exists for the compiler only. */
  declare readonly "~type"?: Type;
  /** Makes a value of this type of the text that the server sends; for whoever reads results by other ways than a handle. */
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
   * Names the column, for the server and for the row type.
   *
   * ```ts
   * const [row] = await db`select ${nextval(orderSeq).as("id")}`; // select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass) as "id"
   * row.id; // of the sequence's own type
   * ```
   *
   * If the server sends null or a fraction for it, as an outer join or a union can make it, the call fails with `UNEXPECTED_VALUE`.
   */
  as<const Name extends string>(name: Name): AliasedExpression<Name, Type> {
    const inner = Sql.shapeOf(this);
    let shapes = aliasShapes.get(inner);
    if (shapes === undefined) aliasShapes.set(inner, (shapes = new BoundedMap(100)));
    const shape = shapes.getOrMake(name, () => {
      if (bytesOf(name) > MAX_NAME_BYTES) refuse(`the alias ${name}`, "is longer than 63 bytes");
      const mark: ColumnMark = { kind: "column", name, decode: this.decode, isNullable: this.isNullable };
      return new Shape(["", ` as ${quoteIdentifier(name)}`], [inner], mark);
    });
    return new AliasedExpression<Name, Type>(shape, this, name);
  }
}

/** An expression with a column name: what the row type of a template is made of. */
export class AliasedExpression<Name extends string, Type>
  extends Sql<{ [Column in Name]: Type }>
  implements NamedColumn<Name, Type>
{
  declare readonly "~type"?: Type;
  readonly alias: Name;

  /** @internal */
  constructor(shape: Shape, expression: SqlExpression<Type>, alias: Name) {
    super(shape, [expression]);
    this.alias = alias;
  }
}
