import type postgres from "postgres";

/** The rows of a result, with the `count`, `command`, `columns` and `statement` that postgres.js adds. */
export type Rows<Row> = Row[] & postgres.ResultQueryMeta<number, keyof Row & string>;
