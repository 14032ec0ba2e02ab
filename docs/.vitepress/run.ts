/** Runs VitePress, after it has installed the packages of the site if they are missing. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const docs = fileURLToPath(new URL("..", import.meta.url));
const npm = (...args: string[]) => execFileSync("npm", [...args, "--prefix", docs], { stdio: "inherit" });

if (!existsSync(`${docs}node_modules`)) npm("ci", "--no-audit", "--no-fund");
npm("run", process.argv[2] ?? "dev");
