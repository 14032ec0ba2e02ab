/** The name of a sequence, unique within its database. */
export interface SequenceName {
  readonly schema: string;
  readonly name: string;
}

/** The name of a column, unique within its database. */
export interface ColumnName {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}
