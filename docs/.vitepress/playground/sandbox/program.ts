/** The first part of the script of a program's worker. It has the library, and knows the page as a port. */
import * as nextval from "nextval";
import * as allocate from "nextval/allocate";
import * as catalog from "nextval/catalog";
import * as operate from "nextval/operate";
import { bind } from "nextval/pglite";
import type { FromProgram, Outcome, Start, ToProgram } from "./messages";
import { RemotePGlite } from "./remote-pglite";
import { shownError, shownValues } from "./shown";

type Program = (require: (name: string) => unknown, exports: object, console: object) => Promise<void>;

/** Runs a program when the page has sent its port. */
export function start(program: Program): void {
  addEventListener("message", ({ data, ports }) => void run(program, data as Start, ports[0] as MessagePort), {
    once: true,
  });
}

async function run(program: Program, { arrayTypes }: Start, port: MessagePort): Promise<void> {
  const tell = (message: FromProgram) => port.postMessage(message);
  const fail = (error: unknown) => tell({ kind: "failed", error: shownError(error) });
  addEventListener("error", (event) => fail(event.error));
  addEventListener("unhandledrejection", ({ reason }) => fail(reason));
  const waiting = new Map<number, (outcome: Outcome) => void>();
  port.addEventListener("message", ({ data }) => {
    const { id, outcome } = data as ToProgram;
    waiting.get(id)?.(outcome);
    waiting.delete(id);
  });
  port.start();
  let sent = 0;
  const pglite = new RemotePGlite(
    (request) =>
      new Promise((resolve) => {
        waiting.set(++sent, resolve);
        tell({ kind: "statement", id: sent, ...request });
      }),
    arrayTypes,
  );
  const modules: Record<string, unknown> = {
    nextval,
    "nextval/allocate": allocate,
    "nextval/catalog": catalog,
    "nextval/operate": operate,
    playground: { db: bind(pglite) },
  };
  const require = (name: string) => {
    if (!Object.hasOwn(modules, name)) throw new Error(`The playground has no module "${name}".`);
    return modules[name];
  };
  const print = (...values: unknown[]) => tell({ kind: "printed", text: shownValues(values) });
  const console = { debug: print, error: print, info: print, log: print, warn: print };
  try {
    await program(require, {}, console);
    tell({ kind: "done" });
  } catch (error) {
    fail(error);
  }
}
