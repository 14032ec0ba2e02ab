/**
 * The rows of an insert if they may have the same columns. Otherwise a literal row that certainly differs from the
 * first is replaced by a sentence. The compiler does not know the keys of rows that are not literals. Rows may differ
 * if the columns are stated.
 */
export type CheckedRows<Rows, Column> = ["wrong"] extends [
  [RowsVerdict<Rows, Column>] extends ["fine"] ? "fine" : "wrong",
]
  ? Explained<Rows>
  : Rows;

/** For a type parameter it is `any`, which counts as "fine". */
type RowsVerdict<Rows, Column> = [Column] extends [never]
  ? Rows extends readonly [infer First, ...infer Others]
    ? true extends { [Index in keyof Others]: IsUnlike<First, Others[Index]> }[number]
      ? "wrong"
      : "fine"
    : "fine"
  : "fine";

/** Whether one row certainly has a key that the other certainly lacks. */
type IsUnlike<One, Other> = [SureKey<One>] extends [AnyKey<Other>]
  ? [SureKey<Other>] extends [AnyKey<One>]
    ? false
    : true
  : true;

/** The keys that every member of a union has and that are not optional. */
type SureKey<Row> = keyof Row extends infer Key
  ? Key extends keyof Row
    ? {} extends Pick<Row, Key>
      ? never
      : Key
    : never
  : never;

type AnyKey<Row> = Row extends unknown ? keyof Row : never;

type Explained<Rows> = Rows extends readonly [infer First, ...unknown[]]
  ? { [Index in keyof Rows]: IsUnlike<First, Rows[Index]> extends true ? UnlikeFirst : Rows[Index] }
  : never;

type UnlikeFirst = "this row has other columns than row 1; give all rows the same keys, or state the columns";

/** The names of columns that all rows have. */
export type ColumnOf<Rows> = (Rows extends readonly (infer Row)[] ? keyof Row : keyof Rows) & string;
