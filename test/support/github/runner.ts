import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { type Finished, startProcess } from "../command/start-process.js";

/** A workflow command, as GitHub's runner finds it in the output of a step. */
export interface RunnerCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** The commands that are obeyed. Others are output. */
const KNOWN = "add-mask add-matcher add-path debug echo endgroup error group notice remove-matcher save-state";
const REGISTERED = new Set(`${KNOWN} set-env set-output stop-commands warning`.split(" "));

/** Characters that a comparison of texts in .NET passes over. */
const IGNORED = /\p{DI}/gu;

/** Finds the commands in output: `::name key=value::data`, and the older `##[name]data` anywhere in a line. */
export function commandsIn(output: string): RunnerCommand[] {
  return output.split(/\r\n|\r|\n/).flatMap((line) => newForm(line) ?? oldForm(line) ?? []);
}

function newForm(line: string): RunnerCommand | undefined {
  const text = line.trimStart();
  if (!text.replace(IGNORED, "").startsWith("::")) return undefined;
  const [, info = "", data = ""] = /^\P{L}*?::(.*?)::(.*)$/su.exec(text) ?? [];
  const [name = ""] = info.split(" ", 1);
  if (!REGISTERED.has(name)) return undefined;
  const unescape = (value: string) => unescaped(value).replaceAll("%3A", ":").replaceAll("%2C", ",");
  return { name, properties: propertiesOf(info, ",", unescape), data: unescaped(data).replaceAll("%25", "%") };
}

function oldForm(line: string): RunnerCommand | undefined {
  const [, info = "", data = ""] = /##\[(.*?)\](.*)$/s.exec(line.replace(IGNORED, "")) ?? [];
  const [name = ""] = info.split(" ", 1);
  return REGISTERED.has(name) ? { name, properties: {}, data } : undefined;
}

function propertiesOf(info: string, separator: string, unescape: (value: string) => string) {
  const pairs = info.slice(info.indexOf(" ") + 1).split(separator);
  return Object.fromEntries(
    pairs.flatMap((pair) => {
      const [, key, value] = /^(.+?)=(.+)$/s.exec(pair) ?? [];
      return key === undefined || value === undefined ? [] : [[key, unescape(value).replaceAll("%25", "%")]];
    }),
  );
}

function unescaped(value: string): string {
  return value.replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

interface Step {
  readonly shell: string;
  readonly run: string;
  readonly "working-directory": string;
  readonly env: Readonly<Record<string, string>>;
}

const file = fileURLToPath(new URL("../../../action.yml", import.meta.url));
export const ACTION = parse(readFileSync(file, "utf8")) as Action;

/** Runs the steps of the action as GitHub does for its `shell: bash`. The first that fails is the last. */
export async function runAction(
  workspace: string,
  inputs: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  const given = (name: string) => inputs[name] ?? ACTION.inputs[name]?.default ?? "";
  const filledIn = (text: string) => text.replace(/\$\{\{ *inputs\.([\w-]+) *\}\}/g, (_, name: string) => given(name));
  const all: Finished = { status: 0, stdout: "", stderr: "" };
  for (const step of ACTION.runs.steps) {
    const own = Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, filledIn(value)]));
    const cwd = join(workspace, filledIn(step["working-directory"]));
    const variables = { ...env, ...own, GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: workspace };
    const args = ["--noprofile", "--norc", "-eo", "pipefail", "-c", filledIn(step.run)];
    const done = await startProcess(step.shell, args, { cwd, env: variables }).finished;
    Object.assign(all, { status: done.status, stdout: all.stdout + done.stdout, stderr: all.stderr + done.stderr });
    if (done.status !== 0) break;
  }
  return all;
}
