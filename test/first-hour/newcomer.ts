import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startProcess } from "../support/command/start-process.js";
import type { Combination } from "./combination.js";

export interface Answer {
  readonly status: number | null;
  /** Of stdout and stderr, in the order in which it came. */
  readonly output: string;
}

/** Somebody with an empty folder, who types commands. */
export interface Newcomer {
  readonly folder: string;
  /** Runs a line of a shell, in a folder below. */
  type(line: string, env?: NodeJS.ProcessEnv, below?: string): Promise<Answer>;
  /** The same for a line that has to work; gives its output. */
  succeed(line: string, env?: NodeJS.ProcessEnv): Promise<string>;
  write(files: Readonly<Record<string, string>>, below?: string): Promise<void>;
  leave(): Promise<void>;
}

/** Where things are on this machine. */
export interface Machine {
  /** What `npm install nextval` is to install. */
  readonly tarball: string;
  /** A folder with the command `pnpm`. */
  readonly pnpm: string | undefined;
}

export async function newcomerWith({ manager, typescript }: Combination, machine: Machine): Promise<Newcomer> {
  const folder = await mkdtemp(join(tmpdir(), "nextval-first-hour-"));
  // Nobody else may enter it, as in a home.
  await chmod(folder, 0o700);

  /** What this user types instead, who has another package manager, and a package that is not published. */
  function translated(line: string): string {
    if (!line.startsWith("npm install ")) return manager === "npm" ? line : line.replace(/^npx /, "pnpm exec ");
    const packages = line
      .replace(/ nextval\b/, () => ` ${machine.tarball}`)
      .replace(/ typescript\b/, `$&@${typescript}`)
      .replace(/^npm install/, "");
    return manager === "npm"
      ? `npm install --prefer-offline --no-audit --no-fund --loglevel=error${packages}`
      : `pnpm add --prefer-offline --reporter=silent${packages}`;
  }

  const type: Newcomer["type"] = async (line, env = {}, below = ".") => {
    // The commands of the project first: npx and pnpm exec take half a second to find them.
    const path = [`${folder}/node_modules/.bin`, machine.pnpm, process.env["PATH"]].filter(Boolean).join(":");
    const { status, stdout } = await startProcess("sh", ["-c", `exec 2>&1; ${translated(line)}`], {
      cwd: join(folder, below),
      env: { ...registrySettings(), PATH: path, ...env },
    }).finished;
    return { status, output: stdout };
  };

  return {
    folder,
    type,
    async succeed(line, env) {
      const { status, output } = await type(line, env);
      if (status !== 0) throw new Error(`$ ${line}\n${output}\nExit code ${status}, not 0.`);
      return output;
    },
    async write(files, below = ".") {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, below, name)), { recursive: true });
        await writeFile(join(folder, below, name), content);
      }
    },
    leave: () => rm(folder, { recursive: true }),
  };
}

/** How packages are had on this machine, but not the folders of the script that runs this. */
function registrySettings(): NodeJS.ProcessEnv {
  const settings = Object.entries(process.env).filter(([name]) => /^npm_config_(?!.*prefix$)/.test(name));
  return Object.fromEntries(settings);
}
