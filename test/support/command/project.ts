import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { inject } from "vitest";
import { RUNTIME } from "../runtime.js";
import { overDriver } from "./driver.js";
import { runResident } from "./run-resident.js";
import { type Finished, type Running, startProcess } from "./start-process.js";

/** A folder of a user, with nextval installed. */
export interface Project {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs `nextval` there, in a process of its own. */
  run(...args: string[]): Promise<Finished>;
  /**
   * Runs `nextval` there, in a process that other runs share, one after another. That takes a fifth of the time. Not
   * for what ends a process or stays in it: signals, files that never finish loading, native ES modules.
   */
  runShared(...args: string[]): Promise<Finished>;
  /** The same with variables. */
  runSharedWith(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished>;
  /** Runs `nextval` with variables, without waiting for the end. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): Running;
}

/** Makes projects that have the library of this run installed; they are removed with it. */
export function useProjects(): (files?: Readonly<Record<string, string>>) => Promise<Project> {
  const library = inject("library");
  return async (files = {}) => {
    const folder = await mkdtemp(`${library}/project-`);
    await mkdir(`${folder}/node_modules`);
    await symlink(library, `${folder}/node_modules/nextval`);
    const project = projectIn(folder, library);
    await project.write({
      "package.json": JSON.stringify({ type: "module", private: true }),
      "tsconfig.json": "{}",
      ...files,
    });
    return project;
  };
}

export function projectIn(folder: string, library = `${folder}/node_modules/nextval`): Project {
  const start: Project["start"] = (args, env = {}) => {
    const main = `${folder}/node_modules/nextval/dist/lib/cli/main.js`;
    return startProcess(RUNTIME.program, [...RUNTIME.args, main, ...overDriver(args)], { cwd: folder, env });
  };
  const runSharedWith: Project["runSharedWith"] = (args, env) =>
    RUNTIME.isThisNode ? runResident(library, { folder, args: overDriver(args), env }) : start(args, env).finished;
  return {
    folder,
    start,
    run: (...args) => start(args).finished,
    runShared: (...args) => runSharedWith(args, {}),
    runSharedWith,
    async write(files) {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(`${folder}/${name}`), { recursive: true });
        await writeFile(`${folder}/${name}`, content);
      }
    },
  };
}
