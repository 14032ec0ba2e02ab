import { type ChildProcess, spawn } from "node:child_process";

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** The variables of this process with those that are given, and without those that the command listens to. */
export function variables(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const outside = Object.entries(process.env).filter(
    ([name]) => !/^(PG|DATABASE_URL$|NO_COLOR$|FORCE_COLOR$|CI$|GITHUB_|NODE_|VITEST|npm_config_)/.test(name),
  );
  return { ...Object.fromEntries(outside), ...given };
}

/** A process with none of the variables that the command listens to, but those that are given. */
export function startProcess(
  command: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Running {
  const child = spawn(command, args, { cwd, env: variables(env), stdio: "pipe" });
  child.stdin.end();
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, ...output }));
  });
  return { process: child, finished };
}
