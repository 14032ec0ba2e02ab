import { execFile } from "node:child_process";
import { cp, mkdtemp, symlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isBuilt } from "../is-built.js";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The files that become the package. They are copied, so builds of other tests do not interfere. */
const SOURCES = ["build.ts", "package.json", "tsconfig.json", "tsconfig.build.json", "lib", "types"];
const TEXTS = ["README.md", "CHANGELOG.md", "LICENSE"];

/** The library as it is built, beside the repository's own build. */
export async function buildCopy(): Promise<string> {
  const folder = await copyOfSources();
  if (await isBuilt()) await cp(`${root}dist`, `${folder}/dist`, { recursive: true });
  else await execute("npm", ["run", "build"], { cwd: folder });
  return folder;
}

/** A folder in which `npm run build` and `npm pack` work, and in which everything installed here is found. */
async function copyOfSources(): Promise<string> {
  const folder = await mkdtemp(`${root}node_modules/.nextval-cli-`);
  for (const name of [...SOURCES, ...TEXTS]) await cp(`${root}${name}`, `${folder}/${name}`, { recursive: true });
  await symlink(`${root}node_modules`, `${folder}/node_modules`);
  return folder;
}
