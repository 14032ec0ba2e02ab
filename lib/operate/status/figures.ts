/** Formats a number of values with separators, unlike a value, which is written as SQL has it. */
export function counted(values: bigint): string {
  return values.toLocaleString("en-US");
}
