import type { EditorView } from "@codemirror/view";
import { type Remote, transfer, wrap } from "comlink";
import databaseScript from "virtual:playground/database";
import { reactive, shallowReactive, shallowRef } from "vue";
import type { CompilerService, Problem } from "../compiler/compiler.worker";
import { addresses, loadFiles } from "../database/database-files";
import type { DatabaseService } from "../database/database.worker";
import type { ShownSequence } from "../database/shown-sequences";
import { createEditor } from "../editor/editor";
import { examples } from "../examples";
import { keepForOffline } from "../offline";
import { type Entry, type Running, runProgram } from "../run-program";
import { openFrame } from "../sandbox/frame";
import type { Start } from "../sandbox/messages";
import { hashOf, sharedBy } from "../share";

/** The page shows so much of what a program did. */
const MAX_ENTRIES = 1_000;

/** PostgreSQL in a worker of a frame. */
interface Database {
  readonly service: Remote<DatabaseService>;
  readonly ready: Promise<Start>;
  /** Ends the worker, which then answers nothing anymore. */
  end(): void;
  /** Resolves when the worker was ended. */
  readonly ended: Promise<void>;
}

/** What the playground shows, and what its buttons do. */
export function usePlayground() {
  const state = reactive({ example: "", isRunning: false, status: "" });
  const entries = shallowReactive<Entry[]>([]);
  const sequences = shallowRef<readonly ShownSequence[]>([]);
  const problems = shallowRef<readonly Problem[]>([]);
  let view: EditorView | undefined;
  let database: Database | undefined;
  let compilerWorker: Worker | undefined;
  let compiler: Remote<CompilerService> | undefined;
  let running: Running | undefined;
  /** The last attempt to run a program. */
  let latest: symbol | undefined;
  /** Resolves when the database is empty, after a reset. */
  let emptied: Promise<void> | undefined;

  async function open(host: HTMLElement): Promise<void> {
    compilerWorker = new Worker(new URL("../compiler/compiler.worker.ts", import.meta.url), { type: "module" });
    compiler = wrap<CompilerService>(compilerWorker);
    database = startDatabase();
    const events = {
      onChange: () => void (problems.value = []),
      onProblems: (found: Problem[]) => void (problems.value = found),
      onRun: () => void run(),
    };
    view = createEditor(host, await programOf(location.hash), compiler, events);
    addEventListener("hashchange", onHashChange);
    const [compilerLoaded] = await Promise.all([
      compiler.problems(view.state.doc.toString()).then(() => compiler?.loaded()),
      database.ready,
    ]);
    await keepForOffline([...(compilerLoaded ?? []), ...addresses]);
  }

  function close(): void {
    removeEventListener("hashchange", onHashChange);
    running?.stop();
    view?.destroy();
    compilerWorker?.terminate();
    database?.end();
  }

  async function onHashChange(): Promise<void> {
    const program = await programOf(location.hash);
    if (program !== view?.state.doc.toString()) show(program);
  }

  /** The program that an address asks for, or the first example. */
  async function programOf(hash: string): Promise<string> {
    const shared = await sharedBy(hash);
    if (shared !== undefined && "program" in shared) {
      state.example = "";
      return shared.program;
    }
    const example = examples.find(({ name }) => name === shared?.example) ?? examples[0];
    state.example = example?.name ?? "";
    return example?.program ?? "";
  }

  function choose(name: string): void {
    location.hash = `example=${name}`;
  }

  /** Shows another program, with an empty database. */
  function show(program: string): void {
    view?.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: program } });
    reset();
  }

  async function run(): Promise<void> {
    if (state.isRunning || view === undefined || compiler === undefined || database === undefined) return;
    state.isRunning = true;
    state.status = "Running";
    entries.length = 0;
    const attempt = (latest = Symbol("run"));
    const code = await compiler.compile(view.state.doc.toString());
    await emptied;
    const { service, ready } = database;
    const start = await ready;
    // The button may have been Stop in the meantime, and Run again.
    if (!state.isRunning || latest !== attempt) return;
    running = runProgram(code, start, service, {
      onEntry: (entry) => {
        if (entries.length < MAX_ENTRIES || entry.kind === "failed") entries.push(entry);
      },
      onEnd: () => {
        running = undefined;
        state.isRunning = false;
        state.status = entries.at(-1)?.kind === "failed" ? "Failed" : "Done";
        void refresh();
      },
    });
  }

  /** A statement that is still running ends only with the database. */
  function stop(): void {
    if (!state.isRunning) return;
    const isBusy = running?.stop() ?? false;
    running = undefined;
    state.isRunning = false;
    state.status = isBusy ? "Stopped. The database is empty again, because a statement was running." : "Stopped";
    if (isBusy) restart();
    else void refresh();
  }

  function restart(): void {
    database?.end();
    database = startDatabase();
    sequences.value = [];
  }

  function reset(): void {
    stop();
    entries.length = 0;
    sequences.value = [];
    state.status = "The database is empty.";
    // What programs have done may also prevent this, so there is another way.
    const emptying = database;
    emptied =
      emptying &&
      Promise.race([emptying.service.empty(), emptying.ended]).catch(() => {
        if (database === emptying) restart();
      });
  }

  async function refresh(): Promise<void> {
    const service = database?.service;
    const found = await service?.sequences();
    if (found !== undefined && service === database?.service) sequences.value = found;
  }

  async function share(): Promise<void> {
    const hash = await hashOf(view?.state.doc.toString() ?? "");
    history.replaceState(history.state, "", hash);
    state.example = "";
    const copied = await navigator.clipboard?.writeText(location.href).then(
      () => true,
      () => false,
    );
    state.status = copied === true ? "The link is copied." : "The link is in the address bar.";
  }

  function goTo({ from }: Problem): void {
    view?.focus();
    view?.dispatch({ selection: { anchor: Math.min(from, view.state.doc.length) }, scrollIntoView: true });
  }

  return { state, entries, sequences, problems, open, close, run, stop, reset, share, choose, goTo };
}

function startDatabase(): Database {
  const onBroken = (message: string) => console.error(message);
  const frame = openFrame({ title: "The database", script: databaseScript, hasWasm: true, onBroken });
  const service = wrap<DatabaseService>(frame.port);
  let resolve = () => {};
  const ended = new Promise<void>((done) => (resolve = done));
  const end = () => {
    frame.close();
    resolve();
  };
  const ready = loadFiles().then((files) => service.start(transfer(files, Object.values(files))));
  return { service, ready, end, ended };
}
