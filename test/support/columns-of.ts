import type { Health } from "nextval/operate";

/** The result for each column of the table's sequence. */
export function columnsOf({ sequences }: Health) {
  const columns = sequences.flatMap(({ columns }) => columns);
  return new Map(columns.map(({ table, extreme, notCompared }) => [table, extreme ?? notCompared]));
}
