import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The npm that runs this script, where one does; gives what it prints. */
export async function npm(...args: string[]): Promise<string> {
  const script = process.env.npm_execpath;
  const given = [...args, "--loglevel=error"];
  const { stdout } = await (script?.endsWith("js") ? run(process.execPath, [script, ...given]) : run("npm", given));
  return stdout;
}
