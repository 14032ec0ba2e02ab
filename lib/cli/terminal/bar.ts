/** Draws a bar, rounded down: `████████░░░░░░░░`. It has a full cell if the share is above 0, and is full only at 1. */
export function bar(share: number, width: number): string {
  // A share such as 0.57 is stored as slightly less.
  const rounded = Math.floor(share * width + 1e-10);
  const full = share >= 1 ? width : Math.min(width - 1, Math.max(share > 0 ? 1 : 0, rounded));
  return "█".repeat(full) + "░".repeat(width - full);
}
