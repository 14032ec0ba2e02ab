import type { HazardCode, Plan } from "../../catalog/index.js";

/** Returns why a plan cannot be applied, and which flags would allow it; null if it can. */
export function refusalOf({ changes }: Plan, allow: readonly HazardCode[]): string | null {
  const hazards = changes.flatMap((change) => change.hazards);
  const blocked = codesOf(hazards.filter((hazard) => hazard.blocked));
  if (blocked.length > 0) {
    return `Refused, and nothing was changed: ${blocked.join(", ")} is blocked; no --allow lets it pass. The server would refuse such a change, or could not be stopped afterwards.`;
  }
  const missing = codesOf(hazards).filter((code) => !allow.includes(code));
  if (missing.length === 0) return null;
  const flags = missing.map((code) => `--allow ${code}`).join(" ");
  return `Refused, and nothing was changed: there are hazards that are not allowed. To accept them, add ${flags}`;
}

function codesOf(hazards: readonly { readonly code: HazardCode }[]): HazardCode[] {
  return [...new Set(hazards.map(({ code }) => code))];
}
