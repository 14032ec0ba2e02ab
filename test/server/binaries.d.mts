import type { ServerUser } from "./server-user.mjs";

// The module itself is JavaScript because supervisor.mjs, which a bare Node runs, imports it too.
export function runnableBinaries(
  installed: { readonly native: string; readonly version: string },
  user: ServerUser | undefined,
  places?: readonly string[],
): Promise<string>;
