/** A column that a fragment adds to the rows of the statement it stands in. */
export interface NamedColumn<Name extends string, Type> {
  readonly alias: Name;
  readonly "~type"?: Type;
}

/** The columns that the things spliced into a template name with `.as("...")`. */
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
 * The row type that is stated, which is `{}` if none is, else that of the things. It is not inferred from where the fragment goes.
 * If it is stated, the compiler does not infer the things: then they are a list of any length.
 */
export type RowFrom<Row extends object, Things extends readonly unknown[]> = [Row][Row extends unknown ? 0 : never] &
  (number extends Things["length"] ? {} : RowOf<Things>);
