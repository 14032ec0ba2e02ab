/** A column that a fragment adds to the rows of its statement. */
export interface NamedColumn<Name extends string, Type> {
  readonly alias: Name;
  readonly "~type"?: Type;
}

/** A row type with the columns that spliced expressions name with `.as("...")`. */
export type RowOf<Things extends readonly unknown[]> =
  Columns<Things[number]> extends infer Row ? { [Column in keyof Row]: Row[Column] } : never;

type Columns<Thing> = {
  [Column in Thing as Column extends NamedColumn<infer Name, unknown> ? Name : never]: Column extends NamedColumn<
    string,
    infer Type
  >
    ? Type
    : never;
};

/**
 * The stated row type (`{}` if none is stated), combined with the columns of the spliced expressions. It is not
 * inferred from the place that the fragment is passed to. If a row type is stated, the compiler does not infer the
 * spliced things: they are then a list of any length, and add no columns.
 */
export type RowFrom<Row extends object, Things extends readonly unknown[]> = [Row][Row extends unknown ? 0 : never] &
  (number extends Things["length"] ? {} : RowOf<Things>);
