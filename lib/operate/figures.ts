/** Formats a number of values with separators, unlike a value, which is written as SQL has it. */
export function counted(values: bigint): string {
  return values.toLocaleString("en-US");
}

/** Formats a share with one decimal, rounded down: `91.5 %`. It is 100 % only if nothing is left. */
export function percent(share: number): string {
  // A share such as 0.57 is stored as slightly less.
  return `${(Math.floor(share * 1000 + 1e-10) / 10).toFixed(1)} %`;
}
