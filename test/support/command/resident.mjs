// Runs commands in one process, one after another, because a process of its own loads Node.js and a compiler each time.
// Each run has the command's modules anew, and its own folder, variables and listeners.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const [, , command, end] = process.argv;
const require = createRequire(command);
const script = new vm.Script(
  `(function (module, exports, require, __moduleUrl) {${readFileSync(command, "utf8")}\n})`,
  {
    filename: command,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  },
);
const outside = { ...process.env };
const ownConsole = globalThis.console;
const emitters = [process, process.stdout, process.stderr];
const own = emitters.map((emitter) => new Map(emitter.eventNames().map((name) => [name, emitter.listeners(name)])));

/** The command's modules, as they are when it begins. */
function load() {
  const module = { exports: {} };
  script.runInThisContext()(module, module.exports, require, pathToFileURL(command).href);
  return module.exports;
}

process.on("message", async ({ folder, args, env }) => {
  process.chdir(folder);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, outside, env);
  // Files of the project may have been written again.
  for (const file of Object.keys(require.cache)) if (file.startsWith(folder)) delete require.cache[file];
  const { run } = load();
  const status = await run([process.execPath, "nextval", ...args]);
  globalThis.console = ownConsole;
  for (const [index, emitter] of emitters.entries()) {
    for (const name of emitter.eventNames()) {
      if (name === "message" || name === "disconnect") continue;
      for (const listener of emitter.listeners(name)) {
        if (!own[index]?.get(name)?.includes(listener)) emitter.off(name, listener);
      }
    }
  }
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise((resolve) => stream.write(end, () => resolve(undefined)));
  }
  process.send?.(status);
});
process.on("disconnect", () => process.exit());
