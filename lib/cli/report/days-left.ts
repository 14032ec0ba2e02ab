/** Formats days: `under an hour`, `31 hours`, `4.2 days`, `1,200 days`. Rounds down, because it is a warning. */
export function daysLeft(days: number): string {
  if (days <= 0) return "0 days";
  const hours = Math.floor(days * 24);
  if (hours < 1) return "under an hour";
  if (days < 2) return hours === 1 ? "1 hour" : `${hours} hours`;
  const shown = days < 10 ? Math.floor(days * 10) / 10 : Math.floor(days);
  return `${shown.toLocaleString("en-US")} days`;
}
