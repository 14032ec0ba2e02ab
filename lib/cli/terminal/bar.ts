/** `████████░░░░░░░░`, rounded down: it has a full one as soon as there is any, and is full only where all is done. */
export function bar(share: number, width: number): string {
  // A share such as 0.57 is a little less than it says.
  const rounded = Math.floor(share * width + 1e-10);
  const full = share >= 1 ? width : Math.min(width - 1, Math.max(share > 0 ? 1 : 0, rounded));
  return "█".repeat(full) + "░".repeat(width - full);
}

/** `91.5 %`, rounded down, so that 100 % is said only where nothing is left. */
export function percent(share: number): string {
  return `${(Math.floor(share * 1000 + 1e-10) / 10).toFixed(1)} %`;
}
