/**
 * The rows of a result, with what the server reports about them.
 *
 * ```ts
 * const rows = await db`select ${nextval(orderSeq).as("id")}`;
 * rows[0]?.id; // 100n
 * rows.count; // 1
 * rows.command; // "SELECT"
 * ```
 */
export type Rows<Row> = Row[] & {
  /** The number of rows that the statement returned or changed. */
  readonly count: number;
  /** The server's tag for the statement, such as `SELECT` or `INSERT`. */
  readonly command: string;
  /** The columns, in their order. */
  readonly columns: readonly RowsColumn<keyof Row & string>[];
};

/** A column of a result. */
export interface RowsColumn<Name extends string> {
  readonly name: Name;
  /** The object id of its type. */
  readonly type: number;
}
