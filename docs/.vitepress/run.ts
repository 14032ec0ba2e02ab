/** Runs VitePress, after it has installed the packages of the site and built the library, if these are missing. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const docs = fileURLToPath(new URL("..", import.meta.url));
const library = fileURLToPath(new URL("../..", import.meta.url));
// A build makes much that is soon forgotten. With little room for it, garbage collection takes much of the time.
const env = { ...process.env, NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --max-semi-space-size=64` };
const npm = (folder: string, ...args: string[]) =>
  execFileSync("npm", [...args, "--prefix", folder], { stdio: "inherit", env });

if (!existsSync(`${docs}node_modules`)) npm(docs, "ci", "--no-audit", "--no-fund");
if (!existsSync(`${library}dist`)) npm(library, "run", "build");
npm(docs, "run", process.argv[2] ?? "dev");
