import { readdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SETTINGS = ["build.ts", "package.json", "tsconfig.json", "tsconfig.build.json"];

/**
 * Whether `dist` is younger than all that it is built from, as it is in `npm test`. A file that has been removed or
 * renamed leaves its folder younger.
 */
export async function isBuilt(): Promise<boolean> {
  const sources = [...SETTINGS];
  for (const name of ["lib", "types"]) {
    sources.push(name, ...(await readdir(`${root}${name}`, { recursive: true })).map((each) => `${name}/${each}`));
  }
  const times = await Promise.all(sources.map(async (name) => (await stat(`${root}${name}`)).mtimeMs));
  // JavaScript is written at the end of the build.
  const built = await stat(`${root}dist/lib/index.js`).catch(() => undefined);
  return built !== undefined && built.mtimeMs > Math.max(...times);
}
