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
import { prepareFrame, startFrame } from "../sandbox/frame";
import type { Start } from "../sandbox/messages";
import { discardProgram, prepareProgram } from "../sandbox/program-frame";
import { hashOf, sharedBy } from "../share";

/** The page shows so much of what a program did. */
const MAX_ENTRIES = 1_000;

/** PostgreSQL in a worker of a frame. */
interface Database {
  readonly service: Remote<DatabaseService>;
  /** Undefined if it could not be started. */
  readonly ready: Promise<Start | undefined>;
  /** Ends the worker, which then answers nothing anymore. */
  end(): void;
  /** Resolves when the worker was ended. */
  readonly ended: Promise<void>;
}

const DATABASE = { title: "The database", script: databaseScript, hasWasm: true };

/** A program as JavaScript, or on its way to it. */
interface Compiled {
  readonly program: string;
  readonly code: Promise<string | undefined>;
}

/** What the playground shows, and what its buttons do. */
export function usePlayground() {
  /** `failure` says why the page cannot go on, and `note` why the list of sequences is empty. */
  const state = reactive({ example: "", isRunning: false, status: "", failure: "", note: "" });
  const entries = shallowReactive<Entry[]>([]);
  const sequences = shallowRef<readonly ShownSequence[]>([]);
  const problems = shallowRef<readonly Problem[]>([]);
  let view: EditorView | undefined;
  let database: Database | undefined;
  let compilerWorker: Worker | undefined;
  let compiler: Remote<CompilerService> | undefined;
  let compiled: Compiled | undefined;
  let running: Running | undefined;
  /** The last attempt to run a program. */
  let latest: symbol | undefined;
  /** Resolves when the database is empty, after a reset. */
  let emptied: Promise<void> | undefined;
  /** The last attempt to read the sequences. */
  let latestRead: symbol | undefined;

  async function open(host: HTMLElement): Promise<void> {
    // Both are loaded at the same time, and before a program is run.
    compilerWorker = new Worker(new URL("../compiler/compiler.worker.ts", import.meta.url), { type: "module" });
    onFailure(compilerWorker, (reason) => fail("The compiler", reason));
    compiler = wrap<CompilerService>(compilerWorker);
    database = startDatabase();
    prepareProgram();
    const program = await programOf(location.hash);
    void compile(program);
    view = createEditor(host, program, compiler, {
      onChange: () => void (problems.value = []),
      onCheck,
      onProblems: (found) => void (problems.value = found),
      onRun: () => void run(),
    });
    addEventListener("hashchange", onHashChange);
    await onCheck(program);
    await compiler.problems(program).catch((error: unknown) => fail("The compiler", error));
    if (state.failure !== "") return;
    await keepForOffline([...(await compiler.loaded()), ...addresses]);
  }

  function compile(program: string): Promise<string | undefined> {
    if (compiled?.program !== program) {
      const code = compiler?.compile(program).catch((error: unknown) => fail("The compiler", error));
      compiled = { program, code: code ?? Promise.resolve(undefined) };
    }
    return compiled.code;
  }

  /** The first check takes seconds. So a program is compiled before it, and it leaves the processor to PostgreSQL. */
  async function onCheck(program: string): Promise<void> {
    await Promise.all([compile(program), database?.ready]);
  }

  /** Shows that a worker cannot go on. */
  function fail(what: string, error: unknown): undefined {
    const reason = error instanceof Error ? error.message : String(error);
    state.failure = `${what} failed: ${reason.replace(/\.$/, "")}. Reload the page to try again.`;
    state.note = "";
    if (!state.isRunning) return;
    running?.stop();
    running = undefined;
    state.isRunning = false;
    state.status = "Failed";
  }

  function close(): void {
    removeEventListener("hashchange", onHashChange);
    running?.stop();
    view?.destroy();
    discardProgram();
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
    if (state.isRunning || state.failure !== "" || view === undefined || database === undefined) return;
    state.isRunning = true;
    state.status = "Running";
    entries.length = 0;
    const attempt = (latest = Symbol("run"));
    const code = await compile(view.state.doc.toString());
    await emptied;
    const { service, ready } = database;
    const start = await ready;
    // What is missing has failed, which the page shows. The button may also have been Stop, and Run again.
    if (code === undefined || start === undefined || !state.isRunning || latest !== attempt) return;
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
  }

  function reset(): void {
    stop();
    entries.length = 0;
    showSequences([]);
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
    const read = (latestRead = Symbol("read"));
    state.note = "The sequences are being read.";
    try {
      const found = await database?.service.sequences();
      if (latestRead === read) showSequences(found ?? []);
    } catch (error) {
      if (latestRead === read) state.note = `The sequences cannot be read: ${(error as Error).message}`;
    }
  }

  /** Shows these, and not what is still being read. */
  function showSequences(found: readonly ShownSequence[]): void {
    latestRead = undefined;
    sequences.value = found;
    state.note = found.length === 0 ? "The database has no sequences." : "";
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

  function startDatabase(): Database {
    let failed: (reason: unknown) => void = () => {};
    const onBroken = (message: string) => failed(message);
    const frame = startFrame(prepareFrame(DATABASE), { onBroken });
    const service = wrap<DatabaseService>(frame.port);
    let resolveEnded = () => {};
    const ended = new Promise<void>((resolve) => (resolveEnded = resolve));
    const end = () => {
      frame.close();
      resolveEnded();
    };
    showSequences([]);
    state.note = "PostgreSQL is starting.";
    const ready = new Promise<Start | undefined>((resolve) => {
      failed = (reason) => resolve(fail("PostgreSQL", reason));
      loadFiles()
        .then((files) => service.start(transfer(files, Object.values(files))))
        .then((start) => {
          showSequences([]);
          resolve(start);
        }, failed);
    });
    return { service, ready, end, ended };
  }

  return { state, entries, sequences, problems, open, close, run, stop, reset, share, choose, goTo };
}

/** Calls of a worker that has failed are never answered. */
function onFailure(worker: Worker, failed: (reason: string) => void): void {
  worker.onerror = ({ message }) => failed(message || "its code could not be loaded");
  worker.onmessageerror = () => failed("a message could not be read");
}
