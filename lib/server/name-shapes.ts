/** The name of a sequence, unique within its database, as in the result of {@link sequenceStatus}. */
export interface SequenceName {
  /** The schema of the sequence, without quotes. */
  readonly schema: string;
  /** The name of the sequence, without quotes. */
  readonly name: string;
}

/** The name of a column, unique within its database, as in the result of {@link sequenceStatus}. */
export interface ColumnName {
  /** The schema of the table, without quotes. */
  readonly schema: string;
  /** The name of the table, without quotes. */
  readonly table: string;
  /** The name of the column, without quotes. */
  readonly column: string;
}
